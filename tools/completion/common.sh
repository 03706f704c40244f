
# The value that the words of the line give an option, or else the one that is told first:
#     _gangway_given experiments "${GANGWAY_EXPERIMENTS:-experiments}" WORD...
_gangway_given() {
    local name=$1 value=$2 before='' word
    shift 2
    for word in "$@"; do
        case $before:$word in
        "--$name:=") continue ;;
        "--$name:"*) value=$word ;;
        *":--$name="*) value=${word#*=} ;;
        esac
        before=$word
    done
    case $value in '~/'*) value=$HOME/${value#??} ;; esac
    printf '%s\n' "$value"
}

_gangway_folder() {
    _gangway_given experiments "${GANGWAY_EXPERIMENTS:-experiments}" "$@"
}

# The keys of the experiments in that folder.
_gangway_experiments() {
    local folder
    folder=$(_gangway_folder "$@")
    sed -n 's/^experiment:[[:space:]]*["'\'']\{0,1\}\([A-Za-z0-9_-]\{1,\}\).*/\1/p' \
        "$folder"/*.yaml 2>/dev/null </dev/null
}

# The names under `metrics:` or `segments:` in the file of that name.
_gangway_names() {
    local kind=$1 folder
    shift
    folder=$(_gangway_folder "$@")
    awk -v head="$kind:" '
        /^[^ #]/ { inside = $1 == head; indent = 0 }
        inside && /^ +[A-Za-z0-9_]/ {
            match($0, /^ +/)
            if (!indent) indent = RLENGTH
            if (RLENGTH == indent) { sub(/^ +/, ""); sub(/:.*/, ""); print }
        }' "$folder/$kind.yaml" 2>/dev/null </dev/null
}

# The names of keys, without those that are over, by the program that the line begins with.
_gangway_keys() {
    local store file
    store=$(_gangway_given store "${GANGWAY_STORE:-}" "$@")
    file=$(_gangway_given keys "${GANGWAY_KEYS:-}" "$@")
    GANGWAY_STORE=$store GANGWAY_KEYS=$file "$1" key list 2>/dev/null </dev/null |
        awk -F '\t' 'NR > 1 && $3 != "revoked" && $3 != "expired" { print $1 }'
}

_gangway_families() {
    "$1" calc --list 2>/dev/null | sed 's/[[:space:]].*//'
}
