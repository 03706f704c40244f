# ---- bash: fills COMPREPLY.  `--name=value` comes as three words where COMP_WORDBREAKS has `=`.

_gangway_fill() {
    local current=$1 kind=$2
    shift 2
    case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current") ;;
    experiment)
        mapfile -t COMPREPLY < <(compgen -W "$(_gangway_experiments "${COMP_WORDS[@]}")" -- "$current")
        ;;
    family)
        mapfile -t COMPREPLY < <(compgen -W "$(_gangway_families "${COMP_WORDS[0]}")" -- "$current")
        ;;
    command) mapfile -t COMPREPLY < <(compgen -W "$(_gangway_commands | sed 's/:.*//')" -- "$current") ;;
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
        mapfile -t COMPREPLY < <(
            compgen -W "$(_gangway_commands | sed 's/:.*//') --help --version" -- "$current")
        return
    fi
    kind=$(_gangway_value "$command $before")
    if [ -n "$kind" ]; then
        # shellcheck disable=SC2086 # a kind and its words
        _gangway_fill "$current" $kind
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(
            compgen -W "$(_gangway_options "$command" | sed 's/:.*//')" -- "$current")
    else
        # shellcheck disable=SC2046
        _gangway_fill "$current" $(_gangway_argument "$command")
    fi
}

complete -F _gangway gangway
