# Follows log files where there is no perl, with tail. Arguments: token, patterns. Prints "TOKEN follow 2", the number
# of files with "TOKEN files COUNT", and what `tail -v -F` prints: a header before the lines of another file.
# A pattern is expanded without being split at spaces. Ends, with its tail, when its stdin ends.
T=$1; shift
IFS=
D=; S=; before=-; context=10
matches() { for pattern in "$@"; do for f in $pattern; do [ -f "$f" ] && [ -r "$f" ] && echo "$f"; done; done; }
start() {
  n=$#
  for pattern in "$@"; do for f in $pattern; do [ -f "$f" ] && [ -r "$f" ] && set -- "$@" "$f"; done; done
  shift $n
  echo "$T files $#"
  [ $# -gt 0 ] || return 0
  for f in "$@"; do echo "$T file $f"; done
  tail -v -n $context -F "$@" 2>/dev/null & D=$!
}
stop() { [ -n "$D" ] && kill $D 2>/dev/null && wait $D 2>/dev/null; D=; }
echo "$T follow 2"
{
  trap 'stop; [ -n "$S" ] && kill $S 2>/dev/null; exit 0' TERM
  # Not for ever where the shell above was ended without a word.
  while kill -s 0 $$ 2>/dev/null; do
    now=$(matches "$@")
    if [ "$now" != "$before" ]; then stop; before=$now; start "$@"; fi
    sleep 2 & S=$!
    wait $S
  done
  stop
} &
F=$!
while read -r x; do :; done
kill $F 2>/dev/null
wait $F 2>/dev/null
exit 0
