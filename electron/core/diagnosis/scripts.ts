import type { DiagnosisId } from '../../../shared/model/diagnosis.ts';

/**
 * One POSIX shell script a diagnosis: read-only, bounded in time and output, and content with what the host has. Those
 * about a process find its pid in `$pid`, once it is known to be still the same.
 */
export const DIAGNOSIS_SCRIPTS: Readonly<
  Record<Exclude<DiagnosisId, 'erlang-top' | 'erlang-nodes'>, string>
> = {
  connections: String.raw`
title 'connections: count, process, state, remote end, sum and most of Recv-Q and Send-Q'
{ has ss && ss -tanpH 2>/dev/null || proc_tcp; } | awk '
  $1 != "LISTEN" {
    remote = $5; who = "-"
    if (match($0, /users:\(\("[^"]*",pid=[0-9]+/)) { who = substr($0, RSTART + 9, RLENGTH - 9); sub(/",pid=/, " ", who) }
    # Of those who came to us the port is their own: what counts is ours.
    port = remote; sub(/.*:/, "", port); own = $4; sub(/.*:/, "", own)
    end = (port + 0 >= 32768 && own + 0 < 32768) ? "to our :" own : remote
    key = who "\t" $1 "\t" end; n[key]++; r[key] += $2; s[key] += $3
    if ($2 > mr[key]) mr[key] = $2; if ($3 > ms[key]) ms[key] = $3
  }
  END { for (k in n) { split(k, t, "\t"); printf "%6d  %-22s %-10s %-28s recv %d (%d)  send %d (%d)\n", n[k], t[1], t[2], t[3], r[k], mr[k], s[k], ms[k] } }' | sort -rn | head -60
title 'listeners: waiting to be accepted, of at most'
{ has ss && ss -tlnpH 2>/dev/null || proc_tcp | awk '$1 == "LISTEN"'; } | head -80
title 'overflows since boot'
awk '/^TcpExt:/ { if (!h) { split($0, name); h = 1 } else { split($0, value); for (i in name) if (name[i] ~ /^(ListenOverflows|ListenDrops|TCPBacklogDrop|TCPAbortOnMemory|PruneCalled|TCPTimeouts)$/) print name[i], value[i] } }' /proc/net/netstat
[ -r /proc/sys/net/netfilter/nf_conntrack_count ] && echo "conntrack $(cat /proc/sys/net/netfilter/nf_conntrack_count) of $(cat /proc/sys/net/netfilter/nf_conntrack_max)"
cat /proc/net/sockstat 2>/dev/null`,
  services: String.raw`
known=
if has systemctl && [ -d /run/systemd/system ]; then known=1
  title 'systemd: failed'; systemctl list-units --failed --no-legend --no-pager --plain 2>&1 | head -50
  title 'systemd: services'; systemctl list-units --type=service --all --no-legend --no-pager --plain 2>&1 | awk '{ s = $3 == "failed" ? "failed" : $4 == "running" ? "up" : $3 == "activating" || $3 == "deactivating" ? "changing" : "down"; print; if (s == "up" || s == "failed" || s == "changing") printf "@service\tsystemd\t%s\t%s\t%s %s\n", $1, s, $3, $4 }' | head -300
fi
if has sv; then
  title 'runit'; set +f; for d in /etc/service/* /service/* /etc/sv/* /var/service/*; do [ -e "$d/supervise/stat" ] || continue; r=$(readlink -f "$d"); case " $seen " in *" $r "*) continue;; esac; seen="$seen $r"
  w=$(sv status "$d" 2>&1 | head -n 1); case $w in run:*) s=up;; down:*) s=down;; *) s=changing;; esac; service runit "$d" "$s" "$w"; done; set -f
fi
if has svstat; then
  title 'daemontools'; set +f; for d in /service/* /etc/service/*; do [ -e "$d/supervise/status" ] && [ ! -e "$d/supervise/stat" ] || continue
  w=$(svstat "$d" 2>&1); case $w in *': up '*) s=up;; *': down '*) s=down;; *) s=changing;; esac; service daemontools "$d" "$s" "$w"; done; set -f
fi
if has initctl && initctl version 2>/dev/null | grep -q upstart; then known=1
  title 'upstart'; initctl list 2>&1 | awk '{ s = /start\/running/ ? "up" : "down"; print; printf "@service\tupstart\t%s\t%s\t%s\n", $1, s, $0 }' | head -200
fi
if has rc-status; then known=1; title 'OpenRC'; rc-status -a -C 2>&1 | head -200; fi
[ -n "$known" ] || { title 'services'; echo 'Neither systemd, runit, daemontools, upstart nor OpenRC is at work here.'; }
title 'who started what (the children of pid 1)'
table ppid=,pid=,user=,lstart=,args= '$1 == "PPid:" { print $2, p, n }'; printf '%s\n' "$rows" | awk '$1 == 1' | cut -c1-160 | head -80`,
  logs: `
if has journalctl && bounded 5 journalctl -n 1 --no-pager 2>/dev/null | grep -q '^[A-Z][a-z][a-z] [ 0-3][0-9] '; then title 'journal'; bounded 10 journalctl -n 150 --no-pager
else f=; for f in /var/log/syslog /var/log/messages ''; do [ -r "$f" ] && { title "$f"; tail -n 150 "$f"; break; }; done; [ -n "$f" ] || { title 'log'; echo 'There is no journal and no /var/log/syslog or messages that this account may read.'; }; fi
title 'kernel: warnings and errors'
{ dmesg -T --level=emerg,alert,crit,err,warn 2>/dev/null || dmesg 2>&1 || tail -n 60 /var/log/kern.log; } | tail -n 60`,
  disk: String.raw`
title 'file systems'; t=$(bounded 5 df -hP); printf '%s\n' "$t"
case $t in *'has not come back'*)
  title 'each mount alone'; awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|devtmpfs|securityfs|tracefs|debugfs|mqueue|pstore|bpf|autofs|configfs|fusectl|hugetlbfs|nsfs|binfmt_misc|rpc_pipefs)$/ { print $2 }' /proc/mounts | sort -u | head -40 | while read -r m; do
    m=$(printf '%b' "$m"); t=$(bounded 1 df -hP "$m")
    case $t in *'has not come back'*) printf '%s\n' "$m does not answer";; *) printf '%s\n' "$t" | tail -n 1;; esac
  done;;
esac
title 'inodes'; bounded 5 df -iP
title 'mounted read-only'; awk '$4 ~ /(^|,)ro(,|$)/ && $3 !~ /^(squashfs|iso9660|proc|sysfs|tmpfs|cgroup2?|ramfs|autofs)$/ { print $1, $2, $3 }' /proc/mounts
title 'deleted files that are held open, the largest first'
[ "$(id -u)" = 0 ] || echo 'Those of other accounts are seen as root alone.'
has stat || echo 'There is no stat on this host: what they hold is not known.'
q=; ls -q / >/dev/null 2>&1 && q=q; set +f
# A fork for each process would take minutes where there are ten thousand. The first folder is there so that each is named.
printf '%s\n' /proc/[0-9]*/fd | xargs ls -ln$q /proc/self/fd 2>/dev/null |
  awk '/^\/proc\/[0-9a-z]+\/fd:$/ { d = substr($0, 1, length($0) - 1) } / \(deleted\)$/ && / -> \// && !/ -> \/(dev|memfd|SYSV|proc)/ && d != "/proc/self/fd" { for (i = 1; i <= NF; i++) if ($i == "->") { print d "/" $(i-1); break } }' | head -2000 |
  # One that has another name still (a hard link) gives nothing back when it is closed.
  xargs stat -L -c '%b %B %i %h %n' 2>/dev/null | awk 'NF == 5 && $4 == 0 { printf "%.0f %s %s\n", $1 * $2, $3, $5 }' | sort -rn | head -20 | while read -r b i f; do
  p=@{f#/proc/}; p=@{p%%/*}; fd=@{f##*/}; c=$(tr -d '\000-\037' < "/proc/$p/comm" 2>/dev/null); l=$(readlink "$f" | tr -d '\000-\037')
  printf '%s\n' "$b bytes, pid $p ($c), descriptor $fd: $l"; printf '@deleted\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$p" "$(field "$p" 22)" "$c" "$fd" "$i" "$b" "$l"
done; set -f
has journalctl && { title 'journal'; journalctl --disk-usage 2>&1; }
has docker && { title 'docker'; bounded 5 docker system df; }`,
  'large-files': `
idly=; has ionice && idly='ionice -c3'; has nice && idly="nice $idly"
title 'files above 20 MB, the largest first (sizes as on disk, in KB)'
bounded 20 sh -c 'exec "$@" 2>/dev/null' sh $idly find /var /srv /home /tmp / -xdev -type f -size +20480k -exec du -k {} ';' | sort -u | sort -rn | head -50
title 'folders of /var/log'; bounded 5 sh -c 'exec du -kx /var/log 2>/dev/null' | sort -rn | head -15`,
  memory: String.raw`
title 'free -m'; free -m 2>/dev/null || cat /proc/meminfo
title 'the largest processes (KB resident)'; table rss=,vsz=,pid=,user=,nlwp=,args= '$1 == "VmRSS:" { print $2, v, p, n }'; printf '%s\n' "$rows" | sort -rn | head -25 | cut -c1-200
title 'by command'; table rss=,comm= '$1 == "VmRSS:" { print $2, n }'; printf '%s\n' "$rows" | awk '$1 != "" { n[$2]++; s[$2] += $1 } END { for (c in n) printf "%d\t%d\t%s\n", s[c], n[c], c }' | sort -rn | head -15
title 'the kernel’s own'; grep -E '^(Slab|SReclaimable|SUnreclaim|Shmem|PageTables|KernelStack|Committed_AS|CommitLimit|HugePages_Total|Dirty|Writeback|AnonPages|VmallocUsed):' /proc/meminfo
title 'pressure'; cat /proc/pressure/memory 2>/dev/null`,
  limits: String.raw`
title 'control groups that hold processes: use, limit, throttled'
[ -n "$(ls /sys/fs/cgroup 2>/dev/null)" ] || { echo '/sys/fs/cgroup is not mounted here: limits and use cannot be read.'; exit 0; }
set +f; printf '%s\n' /proc/[0-9]*/cgroup | xargs cat 2>/dev/null | awk -F: '{ p = $0; sub(/^[^:]*:[^:]*:/, "", p) } $2 == "" { print "2:" p } $2 ~ /(^|,)memory(,|$)/ { print "m:" p } $2 ~ /(^|,)cpu(,|$)/ { print "c:" p }' | sort | uniq -c | sort -rn | head -40 | while read -r n g; do
  k=@{g%%:*}; p=@{g#*:}; w=processes; [ "$n" = 1 ] && w=process
  case $k in
    2) b=/sys/fs/cgroup$p; [ -e "$b/cgroup.procs" ] || b=/sys/fs/cgroup; [ -e "$b/memory.current" ] && printf '%s\n' "$n $w in $p: memory $(cat "$b/memory.current" 2>/dev/null) of $(cat "$b/memory.max" 2>/dev/null), cpu $(cat "$b/cpu.max" 2>/dev/null), $(grep -E 'nr_periods|nr_throttled|throttled_usec' "$b/cpu.stat" 2>/dev/null | tr '\n' ' '), $(grep -E '^oom' "$b/memory.events" 2>/dev/null | tr '\n' ' ')";;
    m) b=/sys/fs/cgroup/memory$p; [ -d "$b" ] || b=/sys/fs/cgroup/memory; printf '%s\n' "$n $w in $p: memory $(cat "$b/memory.usage_in_bytes" 2>/dev/null) of $(cat "$b/memory.limit_in_bytes" 2>/dev/null), failed $(cat "$b/memory.failcnt" 2>/dev/null), $(grep oom_kill "$b/memory.oom_control" 2>/dev/null | tr '\n' ' ')";;
    c) for b in "/sys/fs/cgroup/cpu$p" "/sys/fs/cgroup/cpu,cpuacct$p" /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do [ -r "$b/cpu.stat" ] && break; done; printf '%s\n' "$n $w in $p: quota $(cat "$b/cpu.cfs_quota_us" 2>/dev/null) of $(cat "$b/cpu.cfs_period_us" 2>/dev/null), $(cat "$b/cpu.stat" 2>/dev/null | tr '\n' ' ')";;
  esac
done; set -f`,
  machine: `
title 'system'; uname -a; sed -n 's/^PRETTY_NAME="\\{0,1\\}\\([^"]*\\).*/\\1/p' /etc/os-release 2>/dev/null; uptime; who 2>/dev/null | head -20
title 'reboots'; r=$(last -x reboot 2>/dev/null | head -5); if [ -n "$r" ]; then printf '%s\n' "$r"; else echo 'Not known: last(1) tells none here.'; fi
title 'mounts'; awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|securityfs|tracefs|debugfs|mqueue|pstore|bpf|autofs|configfs|fusectl|hugetlbfs)$/' /proc/mounts | cut -c1-200 | head -40
title 'sysctls'; set +f; for k in kernel/pid_max kernel/threads-max kernel/panic_on_oom vm/overcommit_memory vm/swappiness vm/max_map_count fs/file-max fs/file-nr net/core/somaxconn net/ipv4/tcp_max_syn_backlog net/ipv4/ip_local_port_range net/ipv4/tcp_fin_timeout net/ipv4/tcp_tw_reuse; do [ -r "/proc/sys/$k" ] && echo "$k $(cat "/proc/sys/$k")"; done; set -f`,
  'open-files': String.raw`
title "descriptors of pid $pid by kind, of at most $(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")"
ls -ln "/proc/$pid/fd" 2>&1 | awk '/ -> / { sub(/.* -> /, ""); k = /^socket:/ ? "socket" : /^pipe:/ ? "pipe" : /^anon_inode:/ ? $0 : /^\/dev\// ? "device" : / \(deleted\)$/ ? "deleted file" : "file"; n[k]++; next } !/^total/ { print } END { for (k in n) print n[k], k }' | sort -rn
title 'files'; ls -ln "/proc/$pid/fd" 2>/dev/null | awk '/ -> \// { sub(/.* -> /, ""); n[$0]++ } END { for (k in n) print n[k], k }' | sort -rn | head -120
title 'its sockets'; { has ss && ss -tuanpH 2>/dev/null | grep -F "pid=$pid,"; } | head -120`,
  'process-limits': String.raw`
title 'limits'; cat "/proc/$pid/limits"
title 'control groups'; cat "/proc/$pid/cgroup"
title 'OOM'; echo "score $(cat "/proc/$pid/oom_score"), adjusted by $(cat "/proc/$pid/oom_score_adj")"
title 'status'; grep -E '^(Name|Umask|State|Tgid|PPid|TracerPid|Uid|Gid|FDSize|NSpid|Vm|Rss|Threads|SigQ|Sig|Cap|NoNewPrivs|Seccomp|Cpus_allowed_list|voluntary|nonvoluntary)' "/proc/$pid/status"
title 'environment (names only)'; tr '\000' '\n' 2>/dev/null < "/proc/$pid/environ" | sed 's/=.*//' | sort | tr '\n' ' '; echo`,
  'memory-map': String.raw`
title 'memory'; cat "/proc/$pid/smaps_rollup" 2>/dev/null || grep -E '^(Vm|Rss)' "/proc/$pid/status"
title 'the largest mappings (KB resident, KB of it private and dirty)'
awk '/^[0-9a-f]+-[0-9a-f]+ / { name = $6 == "" ? "[anonymous]" : $6 } /^Rss:/ { rss[name] += $2 } /^Private_Dirty:/ { dirty[name] += $2 } /^Size:/ { n[name]++ } END { for (k in rss) printf "%d\t%d\t%d mapping%s\t%s\n", rss[k], dirty[k], n[k], n[k] == 1 ? "" : "s", k }' "/proc/$pid/smaps" 2>&1 | sort -rn | head -40`,
  threads: String.raw`
title "threads of pid $pid: id, state, waits for, CPU ticks, name"
set +f; cat /proc/$pid/task/[0-9]*/stat 2>/dev/null | awk '{ c = $0; sub(/^[0-9]+ \(/, "", c); sub(/\) .*/, "", c); r = $0; sub(/^.*\) /, "", r); split(r, f, " "); printf "%d %s %s %s\n", f[12] + f[13], $1, f[1], c }' | sort -rn | head -100 | while read -r n t s c; do w=; { read -r w < "/proc/$pid/task/$t/wchan"; } 2>/dev/null; printf '%s\t%s\t%s\t%s\t%s\n' "$t" "$s" "$w" "$n" "$c"; done
title 'kernel stacks'; n=0; for d in /proc/$pid/task/[0-9]*; do [ $n -lt 12 ] || break; s=$(cat "$d/stack" 2>/dev/null) || { echo 'They may be read by root alone.'; break; }; [ -n "$s" ] && printf '%s %s\n%s\n' "@{d##*/}" "$(cat "$d/comm")" "$s"; n=$((n + 1)); done; set -f`,
  'process-logs': String.raw`
ls -ln "/proc/$pid/fd" 2>/dev/null | sed -n 's/.* \([0-9]*\) -> \(\/.*\)$/\1 \2/p' | head -500 | while read -r fd f; do
  # Not a pipe, which reading empties.
  case $f in /dev/*|*.so|*.so.*) continue;; esac; [ -f "/proc/$pid/fd/$fd" ] || continue
  # Opened for writing: the flags' last digit is 1 or 2.
  case $(sed -n 's/^flags:[[:space:]]*[0-7]*\([0-7]\)$/\1/p' "/proc/$pid/fdinfo/$fd" 2>/dev/null) in 1|2) printf '%s %s\n' "$fd" "$f";; esac
# By its descriptor: its path may be another file's for us, or nobody's any more.
done | sort -u -k2 | head -6 | { n=; while read -r fd f; do n=1; title "$f"; tail -c 16384 "/proc/$pid/fd/$fd" 2>&1 | tail -n 40; done; [ -n "$n" ] || echo 'It has no file open for writing, as far as this account may see.'; }`,
  'system-calls': `
has strace || { echo 'There is no strace on this host.'; exit 3; }
b=; { read -r b line < /proc/self/stat; } 2>/dev/null; [ "$b" = $$ ] || { echo '/proc is of another pid namespace here: another process would be traced.'; exit 4; }
title 'system calls of five seconds, all threads'
# Told to end, strace lets go of the process and prints its summary.
strace -c -f -p "$pid" 2>&1 & s=$!; sleep 5; kill -TERM $s 2>/dev/null; wait $s`,
};

/**
 * What the scripts share. Names are printed by printf: many a shell's echo takes `\n` in them for a new line, which could
 * begin as those lines do that are read here. `service MANAGER NAME STATE WORDS` tells of one. `bounded SECONDS COMMAND…`
 * ends it, by timeout(1) where there is one, and goes on without it where it cannot be ended, as one that waits for a dead
 * server's file system: of ours it then holds nothing but the pipe that nobody reads any more. `table COLUMNS RULES` puts
 * what ps prints into $rows: it hangs where the memory of a process is locked. For hosts whose ps knows no columns (busybox)
 * RULES are awk's, over /proc/PID/status, with the name in n, the pid in p and the size in v.
 */
export const DIAGNOSIS_PRELUDE = String.raw`set -f; LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/command; export LC_ALL PATH
has() { command -v "$1" >/dev/null 2>&1; }
title() { printf '\n== %s\n' "$1"; }
service() { known=1; printf '%s\n' "$4"; if [ "$(printf %s "$2" | tr -d '\000-\037\177')" = "$2" ]; then printf '@service\t%s\t%s\t%s\t%s\n' "$@"; else echo '  (its name has control characters: it cannot be told to restart from here)'; fi; }
bounded() { after=$1; shift
  # A shell waits for all of a pipe: so what may hang is not of it.
  { { if has timeout; then timeout "$after" "$@"; else "$@"; fi; case $? in 124|143) echo "It has not come back after $after seconds, and was ended: there may be more.";; esac; } 2>&1 </dev/null & } | cat & c=$!
  { sleep $((after + 1)); kill $c; } >/dev/null 2>&1 </dev/null & w=$!
  wait $c 2>/dev/null || echo "It has not come back after $after seconds, and cannot be ended: a server or a disk does not answer."
  kill $w 2>/dev/null; }
table() { if ps -o pid= -p $$ >/dev/null 2>&1; then rows=$(bounded 5 ps -eo "$1"); late=$(printf '%s\n' "$rows" | grep '^It has not come back') || return; printf '%s\n' "$late"; rows=$(printf '%s\n' "$rows" | grep -v '^It has not come back'); return; fi
  set +f; rows=$(cat /proc/[0-9]*/status 2>/dev/null | awk '$1 == "Name:" { n = $2; v = "-" } $1 == "Pid:" { p = $2 } $1 == "VmSize:" { v = $2 } '"$2"); set -f; }
field() { line=; { IFS= read -r line < "/proc/$1/stat"; } 2>/dev/null; [ -n "$line" ] || return 1; n=$2; set -- @{line##*\) }; shift $((n - 3)); printf %s "$1"; }
proc_tcp() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk 'function hex(s,  i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
function end(s,  p, a, n) { n = split(s, p, ":"); a = p[1]; if (length(a) == 8) a = hex(substr(a, 7, 2)) "." hex(substr(a, 5, 2)) "." hex(substr(a, 3, 2)) "." hex(substr(a, 1, 2)); return a ":" hex(p[n]) }
BEGIN { split("ESTAB SYN-SENT SYN-RECV FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSE CLOSE-WAIT LAST-ACK LISTEN CLOSING", state, " ") }
$4 ~ /^[0-9A-F][0-9A-F]$/ { split($5, q, ":"); print state[hex($4)], hex(q[2]), hex(q[1]), end($2), end($3) }'; }
[ -r /proc/1/stat ] || echo 'This account sees its own processes alone (hidepid): what is told of processes is told of those.'
`;
