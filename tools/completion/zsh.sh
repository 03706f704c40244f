# ---- zsh: as a file `_gangway` in a folder of fpath, or sourced after compinit.

_gangway_fill() {
    local kind=$1
    shift
    case $kind in
    words) compadd -- "$@" ;;
    experiment) compadd -- ${(f)"$(_gangway_experiments "${words[@]}")"} ;;
    metric | segment) compadd -- ${(f)"$(_gangway_names "${kind}s" "${words[@]}")"} ;;
    key) compadd -- ${(f)"$(_gangway_keys "${words[@]}")"} ;;
    family) compadd -- ${(f)"$(_gangway_families "${words[1]}")"} ;;
    page) _gangway_told page "$(_gangway_commands; echo 'experiments:what may stand in the files')" ;;
    command) _gangway_told command "$(_gangway_commands)" ;;
    folder) _files -/ ;;
    file) _files ;;
    esac
}

# Lines of NAME:MEANING, shown with what they mean.
_gangway_told() {
    local -a lines
    lines=("${(@f)2}")
    _describe "$1" lines
}

_gangway() {
    setopt local_options no_nomatch
    local command=${words[2]} before=${words[CURRENT - 1]} kind
    if (( CURRENT == 2 )); then
        _gangway_told command "$(_gangway_commands)"
        return
    fi
    if [[ $PREFIX == --*=* ]]; then
        before=${PREFIX%%=*}
        compset -P '*='
    fi
    kind=$(_gangway_value "$command $before")
    if [[ -n $kind ]]; then
        _gangway_fill ${=kind}
    elif [[ $PREFIX == -* ]]; then
        _gangway_told option "$(_gangway_options "$command")"
    else
        (( CURRENT > 3 )) && kind=$(_gangway_argument "$command ${words[3]}")
        _gangway_fill ${=${kind:-$(_gangway_argument "$command")}}
    fi
}

if [[ ${funcstack[1]} == _gangway ]]; then
    _gangway "$@"
elif (( $+functions[compdef] )); then
    compdef _gangway gangway
fi
