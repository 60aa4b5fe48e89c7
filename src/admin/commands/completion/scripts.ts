import type { Shell } from "./shells.ts";

/**
 * Completion scripts. They know no commands: they ask the program each time (`openvpn-totp
 * complete`), so that a script works with later versions, too. They evaluate neither the program's
 * answer nor what was typed.
 */
export const SCRIPTS: Record<Shell, string> = {
  bash: `# Completion of openvpn-totp for bash 4.4 and later.
_openvpn_totp() {
  local reply
  mapfile -t reply < <(command openvpn-totp complete -- bash \\
    "$2" "\${COMP_LINE:0:COMP_POINT}" "$HOME" 2>/dev/null)
  COMPREPLY=("\${reply[@]:1}")
  if [[ \${reply[0]-} == files ]]; then compopt -o default; fi
}
complete -F _openvpn_totp openvpn-totp
`,

  zsh: `#compdef openvpn-totp
# Completion of openvpn-totp for zsh.
local -a before reply described values
local line
before=("\${(@)words[2,CURRENT-1]}")
before=("\${(@)before/#\\~\\//$HOME/}")
reply=("\${(@f)$(command openvpn-totp complete -- zsh \\
  "\${(Q)PREFIX}" "\${(@Q)before}" 2>/dev/null)}")
if [[ $reply[1] == files ]]; then
  if [[ $PREFIX == --*=* ]]; then compset -P 1 '*='; fi
  _files
  return
fi
for line in "\${(@)reply[2,-1]}"; do
  if [[ $line == *$'\\t'* ]]; then
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  else
    values+=("$line")
  fi
done
_describe -t words word described
compadd -a values
`,

  fish: `# Completion of openvpn-totp for fish.
function __openvpn_totp_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l reply (command openvpn-totp complete -- fish "$current" \\
        (string replace -r '^~/' "$HOME/" -- $words) 2>/dev/null)
    if test "$reply[1]" = files
        set -l option (string match -r '^--[^=]*=' -- "$current")
        set -l path (string replace -r '^--[^=]*=' '' -- "$current" | string unescape)
        for found in (__fish_complete_path "$path")
            printf '%s%s\\n' "$option" $found
        end
    else
        set -e reply[1]
        printf '%s\\n' $reply
    end
end
complete -c openvpn-totp -f -a '(__openvpn_totp_complete)'
`,
};
