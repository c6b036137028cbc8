import { readFileSync } from 'node:fs';
import type { Implementation } from './frame.ts';

/** Which interpreters are tried, in this order; tests and the benchmark narrow it. */
export type Interpreter = 'perl' | 'gawk' | 'busybox' | 'mawk' | 'awk';

const ORDER: readonly Interpreter[] = ['perl', 'gawk', 'busybox', 'mawk', 'awk'];

/** Ends a script on the sampler's stdin; after it come ticks. */
const END = '#END#';

/**
 * Runs on the host before anything of ours is there. One line without single quotes, backslashes and `!`, which fish
 * and csh understand otherwise inside single quotes. $1 token, $2 root, $3 interpreters. The script comes on stdin:
 * command lines are limited (128 KiB in all, less on some) and shown to every user of the host.
 */
const BOOTSTRAP = [
  'T=$1; R=$2; N=$(echo; echo x); N=${N%x};',
  'H=$(getconf CLK_TCK 2>/dev/null || echo 100); P=$(getconf PAGESIZE 2>/dev/null || echo 4096);',
  'script() { echo "$T need $1"; S=; while IFS= read -r l; do if [ "$l" = "#END#" ]; then return 0; fi; S="$S$l$N"; done; exit 0; };',
  'for c in $3; do A=$c; F=; case $c in',
  'perl) perl -e "exit 0" </dev/null >/dev/null 2>&1 || continue; script perl; exec perl -e "$S" -- "$T" "$R" "$H" "$P";;',
  'busybox) A="busybox awk"; F="busybox ash";;',
  'esac;',
  '$A "BEGIN{exit 0}" </dev/null >/dev/null 2>&1 || continue;',
  'I=; case "$($A -W version </dev/null 2>&1)" in *mawk*) I="-W interactive";; esac;',
  // A shell that may know `read -d`: where the plain `awk` is busybox's, so is sh.
  'if [ -z "$F" ]; then if command -v bash >/dev/null 2>&1; then F=bash; else F=sh; fi; fi;',
  'script awk;',
  'LC_ALL=C; FIRELINE_TOKEN=$T; FIRELINE_ROOT=$R; FIRELINE_HZ=$H; FIRELINE_PAGE=$P; FIRELINE_SHELL=$F;',
  'export LC_ALL FIRELINE_TOKEN FIRELINE_ROOT FIRELINE_HZ FIRELINE_PAGE FIRELINE_SHELL;',
  '{ read -r M x </proc/self/stat; cd "$R/proc" || exit 1; while read -r q m; do set -- [0-9]*; L="$q ${m:-a} $M $* /"; d=${q#"${q%?}"};',
  // The open files of every tenth process: a folder that may not be listed stays as its pattern.
  'for f in *"$d"/fd; do set -- "$f"/*; [ "$1" = "$f/*" ] || L="$L ${f%/fd} $#"; done; echo "$L"; done; } |',
  // mawk ends with status 2 when a process goes between open and read: it starts again and says hello.
  '{ i=0; while [ $i -lt 1000 ]; do $A $I "$S"; [ $? = 2 ] && [ -n "$I" ] || break; i=$((i+1)); done; };',
  'exit 0; done; echo "$T none"',
].join(' ');

/** The argument vector that starts the sampler. `root` is empty on a host; tests give a recorded tree. */
export function samplerCommand(
  token: string,
  root = '',
  interpreters: readonly Interpreter[] = ORDER,
): string[] {
  return ['sh', '-c', BOOTSTRAP, 'fireline-sampler', token, root, interpreters.join(' ')];
}

/** What goes to stdin when the bootstrap asks for it. */
export function samplerScript(implementation: Implementation): string {
  let script = scripts.get(implementation);
  if (script === undefined) {
    const file = implementation === 'perl' ? 'sampler.pl' : 'sampler.awk';
    script = `${readFileSync(new URL(`./remote/${file}`, import.meta.url), 'utf8')}\n${END}\n`;
    scripts.set(implementation, script);
  }
  return script;
}

const scripts = new Map<Implementation, string>();
