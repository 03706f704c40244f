# ---- bash: fills COMPREPLY.  `--name=value` comes as three words where COMP_WORDBREAKS has `=`.

# Those of the words that begin with `current` of who calls.
_gangway_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

_gangway_fill() {
    local current=$1 kind=$2
    shift 2
    case $kind in
    words) _gangway_offer "$*" ;;
    experiment) _gangway_offer "$(_gangway_experiments "${COMP_WORDS[@]}")" ;;
    metric | segment) _gangway_offer "$(_gangway_names "${kind}s" "${COMP_WORDS[@]}")" ;;
    key) _gangway_offer "$(_gangway_keys "${COMP_WORDS[@]}")" ;;
    family) _gangway_offer "$(_gangway_families "${COMP_WORDS[0]}")" ;;
    page) _gangway_offer "$(_gangway_commands | sed 's/:.*//') experiments" ;;
    command) _gangway_offer "$(_gangway_commands | sed 's/:.*//')" ;;
    folder)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
    file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    esac
}

_gangway() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} kind
    COMPREPLY=()
    if [[ $current == '=' ]]; then
        current=
    elif [[ $before == '=' && $COMP_CWORD -gt 2 ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" = 1 ]; then
        _gangway_offer "$(_gangway_commands | sed 's/:.*//') --help --version"
        return
    fi
    kind=$(_gangway_value "$command $before")
    if [ -n "$kind" ]; then
        # shellcheck disable=SC2086 # a kind and its words
        _gangway_fill "$current" $kind
    elif [[ $current == -* ]]; then
        _gangway_offer "$(_gangway_options "$command" | sed 's/:.*//')"
    else
        [ "$COMP_CWORD" -gt 2 ] && kind=$(_gangway_argument "$command ${COMP_WORDS[2]}")
        # shellcheck disable=SC2046,SC2086
        _gangway_fill "$current" ${kind:-$(_gangway_argument "$command")}
    fi
}

complete -F _gangway gangway
