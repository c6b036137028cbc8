# The resident sampler, POSIX awk implementation: gawk, mawk, busybox awk. It yields the frames of sampler.pl.
# awk cannot list a folder: a shell loop before us turns each tick into "SEQ MODE FEEDER PID PID ...", by its own
# globbing, so that a tick forks nothing, and adds "/ PID COUNT ...": the open files of the processes whose pids end in
# the last digit of SEQ. Environment: FIRELINE_TOKEN, _ROOT, _HZ, _PAGE, _SHELL.
BEGIN {
  token = ENVIRON["FIRELINE_TOKEN"]; root = ENVIRON["FIRELINE_ROOT"]
  hz = ENVIRON["FIRELINE_HZ"] + 0; page = ENVIRON["FIRELINE_PAGE"] + 0
  proc = root "/proc"
  special = "["
  for (i = 1; i < 32; i++) { c = sprintf("%c", i); special = special c; escaped[c] = sprintf("\\x%02x", i) }
  c = sprintf("%c", 127); escaped[c] = "\\x7f"
  escaped["\n"] = "\\n"; escaped["\t"] = "\\t"; escaped["\\"] = "\\\\"
  special = special c "\\\\]"
  # busybox, and mawk where it must not wait for full buffers, end a line at its first NUL: there a shell that can read
  # up to a NUL by itself reads the command lines, all of one frame in one process.
  nul = sprintf("%c", 0)
  getline line < "/proc/self/cmdline"; close("/proc/self/cmdline")
  reads_nul = length(nul) == 1 && index(line, nul) > 0
  line = ""
  if (!reads_nul) { reader("/proc/self") | getline line; close(reader("/proc/self")) }
  shell_reads = index(line, "\001") > 0
  n = split("MemTotal MemFree MemAvailable Buffers Cached SReclaimable Shmem SwapTotal SwapFree", t, " ")
  for (i = 1; i <= n; i++) wanted_memory[t[i] ":"] = 1
  anchor_uptime = uptime_ms("/proc/uptime"); stamp = ""
  "date +%s%N" | getline stamp; close("date +%s%N")
  precise = stamp ~ /^[0-9]+$/ && length(stamp) > 15
  anchor = precise ? substr(stamp, 1, length(stamp) - 6) : substr(stamp, 1, 10) "500"
  forget()
  ticked = 0; sockets_next = sockets_soonest = 3; sockets_then = 0; owners_next = 0
  # What went before it may have ended in the middle of a line.
  print "\n" token " hello 1 awk"; fflush()
}

$1 !~ /^[0-9]+$/ { next }
{
  seq = $1 + 0; mode = $2 == "a" ? "" : $2; feeder = $3
  count = 0
  for (i = 4; i <= NF && $i != "/"; i++) if ($i ~ /^[0-9]+$/) pids[++count] = $i
  split("", counted_files)
  for (i++; i < NF; i += 2) if ($i ~ /^[0-9]+$/) counted_files[$i] = $(i + 1)
  if (mode == "r" || !ticked) forget()
  printf "#%d %s\n", seq, ((mode == "r" || !ticked) ? "r" : (mode == "") ? "a" : mode)
  if (anchor ~ /^[0-9]+$/) printf "z %.0f %d\n", anchor + uptime_ms("/proc/uptime") - anchor_uptime, precise ? 20 : 1000
  if (mode == "r" || seq % 30 == 0 || !ticked) facts()
  globals()
  # Every five ticks, and at once when the machine's kernel killed: was it in our group?
  if (mode == "r" || seq % 5 == 0 || killed || !ticked) cgroups()
  processes(mode != "" || !ticked)
  if (ticked && mode != "r") dear_looks()
  ticked = 1
  cost()
  printf ".%d 0\n", seq
  fflush()
}

function uptime_ms(file,   s) { s = line1(file); sub(/ .*/, "", s); return s * 1000 }

function line1(file,   s) {
  s = ""
  if ((getline s < (file)) < 0) s = ""
  close(file)
  return s
}

function esc(s,   i, c, o) {
  if (reads_nul ? s !~ special && !index(s, nul) : s !~ special) return s
  o = ""
  for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); o = o ((c in escaped) ? escaped[c] : c) }
  return o
}

function tell_changed(key, value) {
  if ((key in last) && last[key] == value "") return 0
  last[key] = value ""
  print key " " value
  return 1
}

# Sets `killed`: the machine's kernel has killed for memory since the frame before.
function globals(   file, line, n, t, name, disk, whole, what, i) {
  killed = 0
  print "T " first_word(line1(proc "/uptime"))
  line = line1(proc "/loadavg")
  if (line != "") print "L " line
  file = proc "/stat"
  while ((getline line < (file)) > 0) {
    if (line ~ /^cpu/) {
      n = split(line, t, " ")
      if (t[1] == "cpu") busy = t[2] + t[3] + t[4] + t[7] + t[8]
      sub(/^cpu[0-9]* +/, "", line)
      print "c" t[1] " " line
    } else if (line ~ /^(btime|processes|procs_running|procs_blocked) /) {
      split(line, t, " ")
      tell_changed("s" t[1], t[2])
    }
  }
  close(file)
  file = proc "/meminfo"
  while ((getline line < (file)) > 0) {
    split(line, t, " ")
    if (t[1] in wanted_memory) tell_changed("m" substr(t[1], 1, length(t[1]) - 1), t[2])
  }
  close(file)
  file = proc "/vmstat"
  while ((getline line < (file)) > 0) if (line ~ /^oom_kill /) { killed = tell_changed("voom_kill", substr(line, 10)); break }
  close(file)
  file = proc "/net/dev"
  while ((getline line < (file)) > 0) {
    if (!match(line, /^ *[^ ]+: */)) continue
    name = substr(line, 1, RLENGTH); gsub(/[ ]/, "", name); sub(/:$/, "", name)
    n = split(substr(line, RLENGTH + 1), t, " ")
    if (name != "lo" && n >= 12) { interfaces[name] = 1; tell_changed("i" esc(name), t[1] " " t[9] " " t[3] " " t[11] " " t[4] " " t[12] " " t[2] " " t[10]) }
  }
  close(file)
  file = proc "/diskstats"
  split("", whole)
  while ((getline line < (file)) > 0) {
    n = split(line, t, " "); name = t[3]
    if (n < 14 || name ~ /^(loop|ram|zram|dm-|md|sr|fd)/) continue
    disk = name
    if (disk ~ /[0-9]p[0-9]+$/) sub(/p[0-9]+$/, "", disk)
    else sub(/[0-9]+$/, "", disk)
    if (disk != name && (disk in whole)) continue
    whole[name] = 1
    tell_changed("d" esc(name), t[4] " " t[6] " " t[8] " " t[10] " " t[13])
  }
  close(file)
  split("cpu memory io", what, " ")
  for (i = 1; i <= 3; i++) {
    file = proc "/pressure/" what[i]
    while ((getline line < (file)) > 0) {
      split(line, t, " ")
      if (t[1] ~ /^(some|full)$/ && t[2] ~ /^avg10=/) tell_changed("p" what[i] "." t[1], substr(t[2], 7))
    }
    close(file)
  }
}

function first_word(s) { sub(/ .*/, "", s); return s }

# The number after a word at the start of a line of a file, or "-".
function counter(file, word,   line, t, found) {
  found = "-"
  while ((getline line < (file)) > 0) { split(line, t, " "); if (t[1] == word) { found = t[2]; break } }
  close(file)
  return found
}

# Control groups of a process: the paths of memory and of cpu in version 1, and that of version 2.
function group_paths(pid,   file, line, t, path, names) {
  has_memory = has_cpu = has_v2 = 0
  file = proc "/" pid "/cgroup"
  while ((getline line < (file)) > 0) {
    split(line, t, ":"); names = t[2]
    path = substr(line, length(t[1]) + length(t[2]) + 3)
    if (path == "/" || path ~ /^\/\.\./) path = ""
    if (names ~ /(^|,)memory(,|$)/) { has_memory = 1; memory_path = path }
    if (names ~ /(^|,)cpu(,|$)/) { has_cpu = 1; cpu_path = path }
    if (names == "") { has_v2 = 1; v2_path = path }
  }
  close(file)
}

# The level of the hierarchy whose limit holds, of the paths that were just read: level_path and level_value, or 0.
function memory_level(   top, limit, usage, dir) {
  top = root "/sys/fs/cgroup"
  if (has_memory) {
    if (!tightest(top "/memory", memory_path, "m1")) return 0
    dir = top "/memory" level_path
    limit = line1(dir "/memory.limit_in_bytes"); usage = line1(dir "/memory.usage_in_bytes")
    level_dir = dir
    level_value = (length(limit) < 17 ? limit : "max") " " (usage == "" || usage == "0" ? "-" : usage) " " counter(dir "/memory.oom_control", "oom_kill")
    return 1
  }
  if (!has_v2 || !tightest(top, v2_path, "m2")) return 0
  dir = top level_path
  limit = line1(dir "/memory.max"); usage = line1(dir "/memory.current")
  level_dir = dir
  level_value = (limit ~ /^[0-9]+$/ ? limit : "max") " " (usage == "" || usage == "0" ? "-" : usage) " " counter(dir "/memory.events", "oom_kill")
  return 1
}

# File cache: the part of a group's use that the kernel gives back before it kills, what is read often last. The kernel sums
# it up for whoever asks, over all below: asked only where half of the limit is used.
function reclaimable(dir, value,   n, t, total) {
  split(value, t, " ")
  if (!(t[1] + 0 > 0 && t[2] + 0 >= t[1] / 2)) return "-"
  total = counter(dir "/memory.stat", "total_inactive_file") == "-" ? "" : "total_"
  n = counter(dir "/memory.stat", total "inactive_file")
  return n == "-" ? n : sprintf("%.0f", n + counter(dir "/memory.stat", total "active_file"))
}

# The same of cpu; level_held is the microseconds for which it was held back.
function cpu_level(   top, base, dir, quota, period, t) {
  top = root "/sys/fs/cgroup"
  if (has_cpu) {
    base = line1(top "/cpu/cgroup.procs") != "" || line1(top "/cpu/cpu.shares") != "" ? top "/cpu" : top "/cpu,cpuacct"
    if (!tightest(base, cpu_path, "c1")) return 0
    dir = base level_path
    quota = line1(dir "/cpu.cfs_quota_us"); period = line1(dir "/cpu.cfs_period_us")
  } else {
    if (!has_v2 || !tightest(top, v2_path, "c2")) return 0
    dir = top level_path
    split(line1(dir "/cpu.max"), t, " "); quota = t[1]; period = t[2]
  }
  level_value = (quota ~ /^[0-9]+$/ ? quota : "max") " " (period == "" || period == "0" ? "-" : period) " " counter(dir "/cpu.stat", "nr_periods") " " counter(dir "/cpu.stat", "nr_throttled")
  level_held = counter(dir "/cpu.stat", "throttled_usec")
  if (level_held == "-") {
    level_held = counter(dir "/cpu.stat", "throttled_time")
    if (level_held != "-") level_held = length(level_held) > 3 ? substr(level_held, 1, length(level_held) - 3) : "0"
  }
  return 1
}

# Of our own group.
function cgroups() {
  group_paths("self")
  if (memory_level()) tell_changed("gm", level_value)
  if (cpu_level()) tell_changed("gc", level_value)
}

function limit_of(dir, kind,   s, p, t) {
  if (kind == "m1") { s = line1(dir "/memory.limit_in_bytes"); return s ~ /^[0-9]+$/ && length(s) < 17 ? s + 0 : -1 }
  if (kind == "m2") { s = line1(dir "/memory.max"); return s ~ /^[0-9]+$/ ? s + 0 : -1 }
  if (kind == "c1") {
    s = line1(dir "/cpu.cfs_quota_us"); p = line1(dir "/cpu.cfs_period_us")
    return s ~ /^[0-9]+$/ ? s / (p + 0 ? p : 100000) : -1
  }
  s = line1(dir "/cpu.max"); split(s, t, " ")
  return s ~ /^[0-9]+ [0-9]+/ && t[2] + 0 ? t[1] / t[2] : -1
}

function tightest(base, path, kind,   best, found, value) {
  best = -1; found = 0
  for (;;) {
    value = limit_of(base path, kind)
    if (value >= 0 && (best < 0 || value < best)) { best = value; found = 1; level_path = path }
    if (path == "") return found
    sub(/\/[^\/]*$/, "", path)
  }
}

function facts(   file, line, q) {
  tell_changed("Fhostname", esc(line1(proc "/sys/kernel/hostname")))
  tell_changed("Fkernel", esc(line1(proc "/sys/kernel/osrelease")))
  tell_changed("Fboot", esc(line1(proc "/sys/kernel/random/boot_id")))
  file = root "/etc/os-release"
  if ((getline line < (file)) < 0) file = root "/usr/lib/os-release"
  close(file)
  while ((getline line < (file)) > 0) {
    if (line !~ /^PRETTY_NAME=/) continue
    line = substr(line, 13); q = substr(line, 1, 1)
    if (q == "\"" || q == "'") { line = substr(line, 2); if (index(line, q)) line = substr(line, 1, index(line, q) - 1) }
    tell_changed("Fos", esc(line))
    break
  }
  close(file)
  tell_changed("Fhz", hz)
  tell_changed("Fpage", page)
}

# Tables: rows that come and go. A row is told when its values differ from what was told, by its key alone when it went.
# now_rows is what there is now.
function tell_table(table,   key, k) {
  print "y " table
  for (k in rows) {
    if (substr(k, 1, length(table) + 1) != table SUBSEP) continue
    key = substr(k, length(table) + 2)
    if (!(key in now_rows)) { went[k] = key }
  }
  for (k in went) { print "r" table " " went[k]; delete rows[k] }
  split("", went)
  for (key in now_rows) {
    if (((table, key) in rows) && rows[table, key] == now_rows[key] "") continue
    rows[table, key] = now_rows[key] ""
    print "r" table " " key "\t" now_rows[key]
  }
}

# Mbit/s of the interfaces that say so; a virtual one may not.
function link_speeds(   name, speed, looked) {
  split("", now_rows)
  for (name in interfaces) {
    if (name ~ /^(veth|cali|br-|cni|lxc|tap|vnet|docker)/) continue
    if (++looked > 32) break
    speed = line1(root "/sys/class/net/" name "/speed")
    if (speed ~ /^[1-9][0-9]*$/) now_rows[esc(name)] = speed
  }
  tell_table("if")
}

function forget(   file, line, t) {
  split("", last); split("", known); split("", raw); split("", told); split("", ticks); split("", reaped); split("", parent)
  split("", start); split("", name); split("", hot); split("", read_at); split("", again); split("", user_told); split("", user_name)
  waiting = 0; split("", wait); split("", second); split("", head); split("", tail); split("", numbers)
  split("", rows); split("", pages); split("", files); split("", files_told); split("", counted); split("", mapped); split("", owner); split("", owner_start)
  split("", owner_until); split("", queued)
  residual = 0; swept = 0; list = ""; have_last = 0; again_wanted = 0
  file = root "/etc/passwd"
  while ((getline line < (file)) > 0) { split(line, t, ":"); if (!(t[3] in user_name)) user_name[t[3]] = t[1] }
  close(file)
}

function drop(pid) {
  delete known[pid]; delete raw[pid]; delete told[pid]; delete ticks[pid]; delete reaped[pid]; delete parent[pid]
  delete start[pid]; delete name[pid]; delete hot[pid]; delete read_at[pid]; delete again[pid]
  delete pages[pid]; delete files[pid]; delete files_told[pid]; delete counted[pid]; delete mapped[pid]
  delete second[pid]; delete head[pid]; delete tail[pid]; delete numbers[pid]
}

function gone(pid) {
  if (known[pid]) {
    print "-" pid
    explained -= ticks[pid] + reaped[pid]
    hot[parent[pid]] = seq + 10
  }
  drop(pid)
}

# Reading a command line waits for the process's memory lock: not while it is in state D, where it may never come.
function command(pid, state,   file, s, line, q) {
  if (state == "D" || state == "Z") return ""
  file = proc "/" pid "/cmdline"
  s = ""; q = ""
  while (length(s) <= 4096 && (getline line < (file)) > 0) { s = s q line; q = "\n"; if (!reads_nul) break }
  close(file)
  s = substr(s, 1, 4096)
  return trimmed(reads_nul ? spaces(s) : s)
}

function trimmed(s) { sub(/ +$/, "", s); return s }

# One line a folder: its name, then the arguments, \001 after each and \002 for a newline inside.
function reader(folders) {
  return ENVIRON["FIRELINE_SHELL"] " -c 'N=$(echo; echo x); N=${N%x}; M=$(printf \"\\002\"); for p in " folders "; do printf \"%s \" \"$p\"; while IFS= read -r -d \"\" a || [ -n \"$a\" ]; do printf \"%s\\001\" \"${a//\"$N\"/$M}\"; done <$p/cmdline; echo; done' 2>/dev/null"
}

# Tells the processes whose command lines had to wait for the shell. One argument of a program has at most 128 KiB.
function deferred(   i, pid, line, folders, s, read_text, next_one) {
  for (next_one = 1; next_one <= waiting;) {
    folders = ""
    for (; next_one <= waiting && length(folders) < 65536; next_one++) folders = folders " " proc "/" wait[next_one]
    line = reader(folders)
    while ((line | getline s) > 0) {
      i = index(s, " ")
      pid = substr(s, length(proc) + 2, i - length(proc) - 2)
      s = substr(s, i + 1)
      gsub(/\001/, " ", s); gsub(/\002/, "\n", s)
      read_text[pid] = trimmed(substr(s, 1, 4096))
    }
    close(line)
  }
  for (i = 1; i <= waiting; i++) { pid = wait[i]; tell(pid, pid in read_text ? read_text[pid] : "") }
  waiting = 0
}

function spaces(s,   n, t, i, o) {
  n = split(s, t, nul)
  o = t[1]
  for (i = 2; i <= n; i++) o = o " " t[i]
  return o
}

function user(pid,   file, line, t, uid) {
  file = proc "/" pid "/status"
  uid = "-"
  while ((getline line < (file)) > 0) if (line ~ /^Uid:\t/) { split(line, t, "\t"); uid = t[3]; break }
  close(file)
  if (uid != "-" && !(uid in user_told)) {
    user_told[uid] = 1
    if (uid in user_name) print "u" uid " " esc(user_name[uid])
  }
  return uid
}

function visit(pid,   file, s, line, end, n, f, begin, state, cpu, children, comm, same_start, grown, age, now) {
  file = proc "/" pid "/stat"
  s = ""; n = 0
  # Kernels before 4.18 print a newline in a name as it is.
  while (n < 22 && (getline line < (file)) > 0) {
    s = s == "" ? line : s "\n" line
    end = match(s, /.*\)/) ? RLENGTH : 0
    if (index(s, "\n")) end = last_bracket(s)
    n = end ? split(substr(s, end + 2), f, " ") : 0
  }
  close(file)
  if (s == "") { if (known[pid]) gone(pid); known[pid] = 0; return }
  read++
  if (known[pid] && raw[pid] == s && !(pid in again)) { read_at[pid] = seq; return }
  if (n < 22) { if (!(pid in known)) known[pid] = 0; return }
  begin = index(s, "(")
  state = f[1]; cpu = f[12] + f[13]; children = f[14] + f[15]
  comm = substr(s, begin + 1, end - begin - 1)
  if (f[2] == 2 && match(comm, /^kworker\/u?[0-9]+:[0-9]+H?[-+]/)) comm = substr(comm, 1, RLENGTH - 1)
  same_start = known[pid] && start[pid] == f[20] ""
  known[pid] = 1; raw[pid] = s; parent[pid] = f[2]
  grown = cpu + children - (same_start ? ticks[pid] + reaped[pid] : 0)
  pages[pid] = f[22]; ticks[pid] = cpu; reaped[pid] = children
  explained += grown
  if (grown > 0 || state == "R" || state == "D") hot[pid] = seq + 10
  age = same_start ? seq - read_at[pid] : 0
  read_at[pid] = seq
  now = f[2] " " state " " f[18] " " sprintf("%.0f %.0f", cpu, children) " " f[22] " " f[21]
  if (same_start && name[pid] == comm "" && !((pid in again) && state != "D")) {
    if (told[pid] == now) return
    told[pid] = now
    print "=" pid " " age " " now
    return
  }
  second[pid] = same_start && name[pid] == comm ""
  name[pid] = comm ""; start[pid] = f[20] ""
  head[pid] = age " " f[20] " " now; tail[pid] = state; numbers[pid] = age " " now
  if (reads_nul || !shell_reads || state == "D" || state == "Z") tell(pid, command(pid, state))
  else wait[++waiting] = pid
}

# A process with its name and command line; at the second look only if that differs.
function tell(pid, text,   uid, now, state) {
  state = tail[pid]; now = numbers[pid]; sub(/^[^ ]+ /, "", now)
  if (second[pid]) {
    text = text ""
    if (text == again[pid] "" || state == "Z") {
      delete again[pid]
      if (told[pid] != now) print "=" pid " " numbers[pid]
      told[pid] = now
      return
    }
    delete again[pid]
  } else if (again_wanted || state == "D") {
    # Between fork and exec a child still has its parent's command line: look once more at the next tick.
    again[pid] = text ""
    if (!(hot[pid] > seq)) hot[pid] = seq + 1
  }
  told[pid] = now
  uid = user(pid)
  print "+" pid " " head[pid] " " uid "\t" esc(name[pid]) "\t" esc(text)
}

function last_bracket(s,   i) {
  for (i = length(s); i > 0 && substr(s, i, 1) != ")"; i--);
  return i
}

# Of those that are cold a fifth is read each tick; of very many less, so that it is some 600, each within a minute.
function processes(full,   i, pid, now, there, cold, colds, turn, turns, missing) {
  explained = 0; read = 0
  now = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", now); sub(/ \/.*/, "", now)
  if (now != list) {
    list = now
    for (i = 1; i <= count; i++) there[pids[i]] = 1
    for (pid in known) if (!(pid in there)) vanished[pid] = 1
    for (pid in vanished) gone(pid)
    split("", vanished)
  }
  turns = count > 3000 ? (count < 36000 ? int(count / 600) : 60) : 5
  turn = seq % turns; colds = 0
  for (i = 1; i <= count; i++) {
    pid = pids[i]
    if (full || ((pid in hot) && hot[pid] >= seq) || pid % turns == turn || !(pid in known)) visit(pid)
    else cold[++colds] = pid
  }
  # Busy time that nobody read so far accounts for: read the rest, but not every tick if that does not explain it either.
  if (have_last && colds) {
    missing = busy - last_busy - explained
    if (missing > hz / 20 && missing > (busy - last_busy) / 10 && (missing > 1.5 * residual + hz / 20 && (seq - swept) * 5 >= turns || seq - swept >= turns)) {
      for (i = 1; i <= colds; i++) visit(cold[i])
      full = 1; missing = busy - last_busy - explained
      swept = seq; residual = missing
    } else if (missing < residual) residual = missing
  }
  # Parents of what went in the middle of this tick have reaped it: their children's time belongs to this frame.
  for (i = 1; i <= count; i++) { pid = pids[i]; if (known[pid] && (pid in hot) && hot[pid] == seq + 10 && read_at[pid] < seq) visit(pid) }
  deferred()
  last_busy = busy; have_last = 1; again_wanted = 1
  print "n " count " " read " " (full ? "f" : "a")
}

function cost(   s, t, ns, resident) {
  ns = 0
  s = line1("/proc/self/schedstat"); split(s, t, " "); ns = t[1] + 0
  s = line1("/proc/" feeder "/schedstat"); split(s, t, " "); ns += t[1]
  # What the shell that reads command lines used.
  s = line1("/proc/self/stat"); if (match(s, /.*\)/)) { split(substr(s, RLENGTH + 2), t, " "); ns += (t[14] + t[15]) * 1e9 / hz }
  s = line1("/proc/self/statm"); split(s, t, " "); resident = t[2] * page
  s = line1("/proc/" feeder "/statm"); split(s, t, " "); resident += t[2] * page
  printf "o %.0f %.0f\n", ns, resident
}

# Open files, as the shell before us counted them.
function open_files(   pid, limit, file, line, t) {
  for (pid in counted_files) {
    if (!known[pid] || hot[pid] < seq && pid % 6 != int(seq / 10) % 6) continue
    files[pid] = counted_files[pid] + 0
    limit = "-"
    if (files[pid] >= 100) {
      file = proc "/" pid "/limits"
      while ((getline line < (file)) > 0) if (line ~ /^Max open files +[0-9]/) { split(line, t, " "); limit = t[4]; break }
      close(file)
    }
    line = files[pid] " " limit
    if (files_told[pid] == line) continue
    files_told[pid] = line
    print "f" pid " " line
  }
}

# The pids with the most of something, at most four: most_pid[1] to most_pid[most_count]. `what`: grown or pages.
function most(what,   pid, value, i) {
  most_count = 0
  if (what == "grown") { for (pid in grown_ticks) take_most(pid, grown_ticks[pid]) }
  else for (pid in pages) take_most(pid, pages[pid])
}

function take_most(pid, value,   i) {
  value += 0; pid += 0
  if (value <= 0) return
  if (most_count == 4 && !(value > most_value[4] || value == most_value[4] && pid < most_pid[4])) return
  i = most_count < 4 ? ++most_count : 4
  while (i > 1 && (value > most_value[i - 1] || value == most_value[i - 1] && pid < most_pid[i - 1])) { most_value[i] = most_value[i - 1]; most_pid[i] = most_pid[i - 1]; i-- }
  most_value[i] = value; most_pid[i] = pid
}

# The control groups of the processes that use most CPU and memory, and our own: of each the level whose limit holds.
function process_groups(   pid, i, n, asked, key, memory, cpu, t) {
  split("", grown_ticks)
  for (pid in ticks) {
    # Whatever grew since the last look is still hot.
    if ((pid in counted) && hot[pid] < seq) continue
    if ((pid in counted) && ticks[pid] > counted[pid]) grown_ticks[pid] = ticks[pid] - counted[pid]
    counted[pid] = ticks[pid]
  }
  asked[1] = 0; n = 1
  most("grown"); for (i = 1; i <= most_count; i++) asked[++n] = most_pid[i]
  most("pages"); for (i = 1; i <= most_count; i++) asked[++n] = most_pid[i]
  # Of the largest: how much of their memory is of files and shared, as a mapped data base is.
  for (i = 1; i <= most_count; i++) {
    pid = most_pid[i]
    split(line1(proc "/" pid "/statm"), t, " ")
    if (t[3] !~ /^[0-9]+$/ || (pid in mapped) && mapped[pid] == t[3]) continue
    mapped[pid] = t[3]
    print "h" pid " " t[3]
  }
  for (i = 1; i <= n; i++) {
    group_paths(asked[i] ? asked[i] : "self")
    if (memory_level()) {
      key = esc(level_path == "" ? "/" : level_path)
      if (!(key in memory) || memory[key] ~ / 0$/) memory[key] = level_value " " reclaimable(level_dir, level_value) " " asked[i]
    }
    if (cpu_level()) {
      key = esc(level_path == "" ? "/" : level_path)
      if (!(key in cpu) || cpu[key] ~ / 0$/) cpu[key] = level_value " " level_held " " asked[i]
    }
  }
  split("", now_rows); for (key in memory) now_rows[key] = memory[key]
  tell_table("gm")
  split("", now_rows); for (key in cpu) now_rows[key] = cpu[key]
  tell_table("gc")
}

# File systems. Those whose server may be gone are left out: asking them would wait for it, for ever.
function mounts(   file, line, t, at, device, count, o, of_device, i, asked, remote, remotes) {
  split("", mount); remotes = 0
  file = proc "/self/mounts"
  while ((getline line < (file)) > 0) {
    split(line, t, " "); device = t[1]
    asked = t[3] ~ /^(ext2|ext3|ext4|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|nilfs2|vfat|exfat|ntfs3|overlay|tmpfs|ufs)$/
    if (!asked && t[3] !~ /^(nfs4?|cifs|smb[0-9a-z_]*|fuse|fuse\..*|9p|ceph|afs|lustre|gpfs)$/) continue
    at = ""
    while (match(t[2], /\\[0-7][0-7][0-7]/)) {
      o = substr(t[2], RSTART + 1, 3)
      at = at substr(t[2], 1, RSTART - 1) sprintf("%c", substr(o, 1, 1) * 64 + substr(o, 2, 1) * 8 + substr(o, 3, 1))
      t[2] = substr(t[2], RSTART + 4)
    }
    at = at t[2]
    # What is mounted below such a one is reached through it.
    if (!asked) { if (at != "/") remote[++remotes] = at "/"; continue }
    for (i = 1; i <= remotes && index(at, remote[i]) != 1; i++);
    if (i <= remotes) continue
    if (at ~ /^\/(proc|sys|run\/credentials|var\/lib\/(docker|containers|containerd|kubelet|lxcfs)|run\/(containerd|docker|netns|user))\//) continue
    if (at == "/dev" || at ~ /^\/dev\// && at != "/dev/shm") continue
    if (t[3] == "overlay" && at != "/" || at ~ /^\/etc\/(hosts|hostname|resolv\.conf)$/) continue
    if (device ~ /^\//) {
      if ((device in of_device) && length(of_device[device]) <= length(at)) continue
      if (device in of_device) delete mount[of_device[device]]
      of_device[device] = at
    }
    mount[at] = esc(device) " " t[3] " " (t[4] ~ /(^|,)ro(,|$)/ ? "ro" : "rw")
    if (++count >= 64) break
  }
  close(file)
}

function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

# Two tables of df -P: kilobytes, then inodes.
function file_systems(   source, line, at, arguments, inodes, t, rest, key, known_sizes) {
  mounts()
  arguments = ""
  for (at in mount) arguments = arguments " " quoted(at)
  split("", now_rows)
  if (arguments == "") { tell_table("fs"); return }
  source = root == "" ? "(t=; command -v timeout >/dev/null && t=\"timeout 5\"; $t df -Pk" arguments "; $t df -Pi" arguments ") 2>/dev/null" : "cat " quoted(root "/df") " 2>/dev/null"
  inodes = 0
  while ((source | getline line) > 0) {
    if (line ~ /^Filesystem /) inodes = line ~ /Inodes/
    if (!match(line, /[ \t][0-9]+[ \t]+[0-9]+[ \t]+-?[0-9]+[ \t]+[^ \t]+[ \t]+\//)) continue
    at = substr(line, RSTART + RLENGTH - 1)
    if (!(at in mount)) continue
    split(substr(line, RSTART + 1), t, " ")
    key = esc(at)
    if (!inodes) { if (t[1] > 0) now_rows[key] = mount[at] " " t[1] " " t[2] " " t[3] " - -" }
    else if (t[1] > 0 && (key in now_rows)) sub(/- -$/, t[1] " " t[3], now_rows[key])
  }
  close(source)
  tell_table("fs")
}

# TCP sockets, summed up: see sampler.pl. group[key] holds its sockets; the queues are in their own arrays.
function sockets_due(   now) {
  if (seq < sockets_soonest) return 0
  if (seq >= sockets_next) return 1
  if (seq % 5) return 0
  now = sockets_in_use() - sockets_then
  return (now < 0 ? -now : now) > 4 + sockets_then / 10
}

function sockets_in_use(   which, i, file, line, t, n) {
  n = 0
  split("sockstat sockstat6", which, " ")
  for (i = 1; i <= 2; i++) {
    file = proc "/net/" which[i]
    while ((getline line < (file)) > 0) if (line ~ /^TCP6?: inuse /) { split(line, t, " "); n += t[3] }
    close(file)
  }
  return n
}

function cpu_ms(   t) { if (root != "") return 0; split(line1("/proc/self/schedstat"), t, " "); return t[1] / 1e6 }

function sockets(   which, file, line, n, t, local, remote, state, i, s, r, lines, some, address, port, inode, spent, far) {
  split("", group); split("", r_sum); split("", r_max); split("", r_some); split("", s_sum); split("", s_max); split("", s_some)
  split("", inodes); split("", inode_count); split("", listens); split("", listed)
  lines = 0; some = 0; spent = cpu_ms()
  split("tcp tcp6", which, " ")
  for (i = 1; i <= 2; i++) {
    file = proc "/net/" which[i]
    while ((getline line < (file)) > 0) {
      some = 1
      n = split(line, t, " ")
      if (n < 10 || t[1] !~ /^[0-9]+:$/) continue
      listed[++lines] = t[2] " " t[3] " " t[4] " " t[5] " " t[10]
      if (t[4] == "0A" && t[3] ~ /:0000$/) { sub(/.*:/, "", t[2]); listens[t[2]] = 1 }
    }
    close(file)
  }
  if (!some) return
  for (i = 1; i <= lines; i++) {
    split(listed[i], t, " ")
    local = t[1]; sub(/.*:/, "", local)
    state = t[3]; inode = t[5]
    s = hex(substr(t[4], 1, index(t[4], ":") - 1)); r = hex(substr(t[4], index(t[4], ":") + 1))
    if (state == "0A") add_socket("ls " hex(local), s, r, inode)
    else if (local in listens) add_socket("in " state " " hex(local), s, r, inode)
    else {
      address = t[2]; sub(/:.*/, "", address)
      port = t[2]; sub(/.*:/, "", port); port = hex(port)
      sub(/^0000000000000000FFFF0000/, "", address)
      add_socket("to " state " " port, s, r, inode)
      add_socket("at " state " " port " " address, s, r, inode)
    }
  }
  kept_groups()
  owners()
  split("", now_rows)
  for (i in queued) if (!(i in kept) || !is_queued(i)) went[i] = 1
  for (i in went) delete queued[i]
  split("", went)
  for (i in kept) {
    now_rows[i] = sprintf("%d %.0f %.0f %d %.0f %.0f %d %s", group[i], r_sum[i], r_max[i], r_some[i], s_sum[i], s_max[i], s_some[i], owner_of[i])
    if (is_queued(i)) queued[i]++
  }
  tell_table("tcp")
  spent = cpu_ms() - spent
  sockets_soonest = seq + (spent > 7.5 ? 15 : spent > 2.5 ? int(spent * 2) : 5)
  far = spent * 10
  for (i in queued) { far = spent * 3; if (far > 20) far = 20 }
  sockets_next = seq + (far > 90 ? 90 : far > 5 ? int(far) : 5)
  sockets_then = sockets_in_use()
}

function is_queued(key) { return substr(key, 1, 2) == "ls" ? r_sum[key] > 0 : r_sum[key] + s_sum[key] >= 1000 }

function add_socket(key, s, r, inode) {
  group[key]++
  if (r) { r_sum[key] += r; if (r > r_max[key]) r_max[key] = r; r_some[key]++ }
  if (s) { s_sum[key] += s; if (s > s_max[key]) s_max[key] = s; s_some[key]++ }
  if (inode != "0" && inode_count[key] < 3) inodes[key, ++inode_count[key]] = inode
}

function hex(s,   i, v) {
  if (s == "00000000") return 0
  v = 0
  for (i = 1; i <= length(s); i++) v = v * 16 + index("123456789ABCDEF", substr(s, i, 1))
  return v
}

# At most 64 of each kind: those with more sockets than a number that is doubled until they fit.
function kept_groups(   which, k, key, total, least, kind) {
  split("", kept)
  split("ls in to at", which, " ")
  for (k = 1; k <= 4; k++) {
    kind = which[k]
    split("", candidates); total = 0
    for (key in group) {
      if (substr(key, 1, 2) != kind) continue
      if (kind == "at" && group[key] < 4) continue
      if (kind == "to" && group[key] <= 1 && !r_sum[key] && !s_sum[key]) continue
      if (kind != "ls" && group[key] < 16 && substr(key, 4, 2) == "06") continue
      candidates[key] = 1; total++
    }
    if (kind == "ls" && total > 64) for (key in group) if ((key in candidates) && !r_sum[key]) { delete candidates[key]; total-- }
    for (least = 2; total > 64 && least < 1048576; least *= 2) for (key in group) if ((key in candidates) && group[key] < least) { delete candidates[key]; total-- }
    for (key in candidates) kept[key] = 1
  }
}

# Who owns them: see sampler.pl. The links of the file descriptors need a program here, ls: one, at most every few ticks.
function owners(   key, k, i, n, keys, m, line, pid, folder, order, all, sought, wanted, listing, found, tried, seen) {
  split("", owner_of)
  n = 0
  for (key in owner) expired[key] = !(key in kept) || seq >= owner_until[key] || (owner[key] > 0 && start[owner[key]] != owner_start[key])
  for (key in expired) if (expired[key]) { delete owner[key]; delete owner_start[key]; delete owner_until[key] }
  split("", expired)
  for (key in kept) keys[++n] = key
  sorted(keys, n)
  m = 0
  for (k = 1; k <= n; k++) {
    key = keys[k]
    owner_of[key] = (key in owner) ? owner[key] : "-"
    if ((key in owner) || !inode_count[key] || seq < owners_next) continue
    if (!(group[key] >= 32 || (key in queued) && queued[key] >= 2)) continue
    if (m >= 8) continue
    m++
    sought[key] = 0
    for (i = 1; i <= inode_count[key]; i++) wanted[inodes[key, i]] = wanted[inodes[key, i]] key "\n"
  }
  if (!m) return
  owners_next = seq + 30
  listing = "cd " quoted(proc) " && ls -ln "
  for (pid in known) if (known[pid]) { listing = listing " " pid "/fd"; tried[pid] = 1 }
  listing = listing " 2>/dev/null"
  folder = ""
  while ((listing | getline line) > 0) {
    if (line ~ /^[0-9]+\/fd:$/) { folder = line; sub(/\/.*/, "", folder); seen[folder] = 1; continue }
    if (line ~ /^total /) continue
    if (!match(line, /-> socket:\[[0-9]+\]$/)) continue
    i = substr(line, RSTART + 11, RLENGTH - 12)
    if (!(i in wanted)) continue
    split(wanted[i], found, "\n")
    for (k in found) if (found[k] != "") {
      pid = sought[found[k]]
      if (!pid || files[folder] + 0 > files[pid] + 0 || files[folder] + 0 == files[pid] + 0 && folder + 0 < pid + 0) sought[found[k]] = folder + 0
    }
  }
  close(listing)
  all = 1
  for (pid in tried) if (!(pid in seen)) { if (line1(proc "/" pid "/stat") != "") all = 0 }
  for (key in sought) {
    pid = sought[key] ? sought[key] : all ? 0 : "-"
    owner_of[key] = pid; owner[key] = pid; owner_start[key] = pid > 0 ? start[pid] : ""; owner_until[key] = seq + 120
  }
}

function sorted(list, n,   i, j, v) {
  for (i = 2; i <= n; i++) { v = list[i]; for (j = i - 1; j >= 1 && list[j] "" > v ""; j--) list[j + 1] = list[j]; list[j + 1] = v }
}

# Connections that a listener's full queue turned away.
function listen_drops(   file, line, names, values, n, i) {
  file = proc "/net/netstat"
  n = 0
  while ((getline line < (file)) > 0) {
    if (line !~ /^TcpExt:/) continue
    if (!n) { n = split(line, names, " "); continue }
    split(line, values, " ")
    for (i = 2; i <= n; i++) if (names[i] ~ /^Listen(Overflows|Drops)$/ && values[i] ~ /^[0-9]+$/) tell_changed("v" names[i], values[i])
    break
  }
  close(file)
}

# What is dear is looked at every few ticks, each at another tick, and not while the first figures are waited for.
function dear_looks() {
  open_files()
  if (seq % 10 == 6) process_groups()
  if (seq % 10 == 2) listen_drops()
  if (sockets_due()) sockets()
  if (seq % 60 == 4) file_systems()
  if (seq % 30 == 3) link_speeds()
}
