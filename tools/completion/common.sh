
# The keys of the experiments in the folder that the words of the line, or the environment, name.
_gangway_experiments() {
    local folder=${GANGWAY_EXPERIMENTS:-experiments} before='' word
    for word in "$@"; do
        case $before:$word in
        --experiments:=) continue ;;
        --experiments:*) folder=$word ;;
        *:--experiments=*) folder=${word#*=} ;;
        esac
        before=$word
    done
    case $folder in '~/'*) folder=$HOME/${folder#??} ;; esac
    sed -n 's/^experiment:[[:space:]]*["'\'']\{0,1\}\([A-Za-z0-9_-]\{1,\}\).*/\1/p' \
        "$folder"/*.yaml 2>/dev/null </dev/null
}

_gangway_families() {
    "$1" calc --list 2>/dev/null | sed 's/[[:space:]].*//'
}

