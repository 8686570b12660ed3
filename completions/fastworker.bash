# shellcheck shell=bash
# Completion of fastworker and fw for bash: asks `fastworker __complete`, which knows the options and, when it answers in time, the control plane.
# Works with bash-completion and without it.

# Fills words, cword and cur as _init_completion -n =: does: what readline breaks at = and : is one word again, up to the cursor.
_fastworker_words() {
	local i piece trimmed rest=${COMP_LINE:0:COMP_POINT}
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		trimmed=${rest#"${rest%%[![:blank:]]*}"}
		piece=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || piece=$trimmed
		if ((i > 0)) && [[ $trimmed == "$rest" ]]; then
			words[-1]+=$piece
		else
			words+=("$piece")
		fi
		rest=${trimmed#"$piece"}
	done
	cword=$((${#words[@]} - 1))
	cur=${words[cword]}
}

# readline replaces only what stands behind the last = or : of an unquoted word, candidates are whole words.
_fastworker_trim() {
	local c prefix='' begin
	[[ $cur == [\'\"]* ]] && return
	for c in = :; do
		[[ $COMP_WORDBREAKS == *"$c"* && $cur == *"$c"* ]] || continue
		begin=${cur%"${cur##*"$c"}"}
		((${#begin} > ${#prefix})) && prefix=$begin
	done
	COMPREPLY=("${COMPREPLY[@]#"${prefix//[\"\'\\]/}"}")
}

_fastworker() {
	# shellcheck disable=SC2034 # prev and split are set by _init_completion
	local cur='' prev='' words=() cword=0 split program
	COMPREPLY=()
	if declare -F _init_completion >/dev/null; then
		_init_completion -n =: 2>/dev/null || return 0
	else
		_fastworker_words
	fi
	words=("${words[@]:0:cword}" "$cur")
	words=("${words[@]//[\"\'\\]/}")
	program=${words[0]/#~\//"${HOME-}"/}
	type -P "$program" >/dev/null || program=fastworker
	mapfile -t COMPREPLY < <("$program" __complete -- "${words[@]:1}" 2>/dev/null </dev/null)
	if [[ ${COMPREPLY[0]-} == :file ]]; then
		COMPREPLY=()
		compopt -o default 2>/dev/null
		return 0
	fi
	((${#COMPREPLY[@]})) || return 0
	compopt -o nosort 2>/dev/null
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	_fastworker_trim
	return 0
}

complete -F _fastworker fastworker fw
