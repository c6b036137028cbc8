# The resident sampler, POSIX awk implementation: gawk, mawk, busybox awk. It yields the frames of sampler.pl.
# awk cannot list a folder: a shell loop before us turns each tick into "SEQ MODE FEEDER PID PID ...", by its own
# globbing, so that a tick forks nothing. Environment: FIRELINE_TOKEN, _ROOT, _HZ, _PAGE, _SHELL.
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
  ticked = 0
  print token " hello 1 awk"; fflush()
}

$1 !~ /^[0-9]+$/ { next }
{
  seq = $1 + 0; mode = $2 == "a" ? "" : $2; feeder = $3
  count = 0
  for (i = 4; i <= NF; i++) if ($i ~ /^[0-9]+$/) pids[++count] = $i
  if (mode == "r" || !ticked) forget()
  printf "#%d %s\n", seq, (mode == "r" || !ticked) ? "r" : mode == "" ? "a" : mode
  if (anchor ~ /^[0-9]+$/) printf "z %.0f %d\n", anchor + uptime_ms("/proc/uptime") - anchor_uptime, precise ? 20 : 1000
  if (mode == "r" || seq % 30 == 0 || !ticked) facts()
  globals()
  if (mode == "r" || seq % 5 == 0 || !ticked) cgroups()
  processes(mode != "" || !ticked)
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
  if ((key in last) && last[key] == value "") return
  last[key] = value ""
  print key " " value
}

function globals(   file, line, n, t, name, disk, whole, what, i) {
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
  while ((getline line < (file)) > 0) if (line ~ /^oom_kill /) { tell_changed("voom_kill", substr(line, 10)); break }
  close(file)
  file = proc "/net/dev"
  while ((getline line < (file)) > 0) {
    if (!match(line, /^ *[^ ]+: */)) continue
    name = substr(line, 1, RLENGTH); gsub(/[ ]/, "", name); sub(/:$/, "", name)
    n = split(substr(line, RLENGTH + 1), t, " ")
    if (name != "lo" && n >= 11) tell_changed("i" name, t[1] " " t[9] " " t[3] " " t[11])
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
    tell_changed("d" name, t[4] " " t[6] " " t[8] " " t[10] " " t[13])
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

function cgroups(   file, line, t, path, names, top, dir, base, limit, usage, have_memory, have_cpu, have_v2, memory, cpu, v2) {
  file = proc "/self/cgroup"
  while ((getline line < (file)) > 0) {
    split(line, t, ":"); names = t[2]
    path = substr(line, length(t[1]) + length(t[2]) + 3)
    if (path == "/" || path ~ /^\/\.\./) path = ""
    if (names ~ /(^|,)memory(,|$)/) { have_memory = 1; memory = path }
    if (names ~ /(^|,)cpu(,|$)/) { have_cpu = 1; cpu = path }
    if (names == "") { have_v2 = 1; v2 = path }
  }
  close(file)
  top = root "/sys/fs/cgroup"
  if (have_memory) {
    dir = tightest(top "/memory", memory, "m1")
    if (dir != "") {
      limit = line1(dir "/memory.limit_in_bytes"); usage = line1(dir "/memory.usage_in_bytes")
      tell_changed("gm", (length(limit) < 17 ? limit : "max") " " (usage == "" || usage == "0" ? "-" : usage) " " counter(dir "/memory.oom_control", "oom_kill"))
    }
  } else if (have_v2) {
    dir = tightest(top, v2, "m2")
    if (dir != "") {
      limit = line1(dir "/memory.max"); usage = line1(dir "/memory.current")
      tell_changed("gm", (limit ~ /^[0-9]+$/ ? limit : "max") " " (usage == "" || usage == "0" ? "-" : usage) " " counter(dir "/memory.events", "oom_kill"))
    }
  }
  if (have_cpu) {
    base = line1(top "/cpu/cgroup.procs") != "" || line1(top "/cpu/cpu.shares") != "" ? top "/cpu" : top "/cpu,cpuacct"
    dir = tightest(base, cpu, "c1")
    if (dir != "") tell_cpu_group(dir, line1(dir "/cpu.cfs_quota_us"), line1(dir "/cpu.cfs_period_us"))
  } else if (have_v2) {
    dir = tightest(top, v2, "c2")
    if (dir != "") { split(line1(dir "/cpu.max"), t, " "); tell_cpu_group(dir, t[1], t[2]) }
  }
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
  best = -1; found = ""
  for (;;) {
    value = limit_of(base path, kind)
    if (value >= 0 && (best < 0 || value < best)) { best = value; found = base path }
    if (path == "") return found
    sub(/\/[^\/]*$/, "", path)
  }
}

function tell_cpu_group(dir, quota, period) {
  tell_changed("gc", (quota ~ /^[0-9]+$/ ? quota : "max") " " (period == "" || period == "0" ? "-" : period) " " counter(dir "/cpu.stat", "nr_periods") " " counter(dir "/cpu.stat", "nr_throttled"))
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

function forget(   file, line, t) {
  split("", last); split("", known); split("", raw); split("", told); split("", ticks); split("", reaped); split("", parent)
  split("", start); split("", name); split("", hot); split("", read_at); split("", again); split("", user_told); split("", user_name)
  waiting = 0; split("", wait); split("", second); split("", head); split("", tail); split("", numbers)
  residual = 0; swept = 0; list = ""; have_last = 0; again_wanted = 0
  file = root "/etc/passwd"
  while ((getline line < (file)) > 0) { split(line, t, ":"); if (!(t[3] in user_name)) user_name[t[3]] = t[1] }
  close(file)
}

function drop(pid) {
  delete known[pid]; delete raw[pid]; delete told[pid]; delete ticks[pid]; delete reaped[pid]; delete parent[pid]
  delete start[pid]; delete name[pid]; delete hot[pid]; delete read_at[pid]; delete again[pid]
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
  return ENVIRON["FIRELINE_SHELL"] " -c 'N=$(echo; echo x); N=${N%x}; for p in " folders "; do printf \"%s \" \"$p\"; while IFS= read -r -d \"\" a || [ -n \"$a\" ]; do printf \"%s\\001\" \"${a//\"$N\"/$(printf \"\\002\")}\"; done <$p/cmdline; echo; done' 2>/dev/null"
}

# Tells the processes whose command lines had to wait for the shell.
function deferred(   i, pid, line, folders, s, read_text) {
  if (!waiting) return
  folders = ""
  for (i = 1; i <= waiting; i++) folders = folders " " proc "/" wait[i]
  line = reader(folders)
  while ((line | getline s) > 0) {
    i = index(s, " ")
    pid = substr(s, length(proc) + 2, i - length(proc) - 2)
    s = substr(s, i + 1)
    gsub(/\001/, " ", s); gsub(/\002/, "\n", s)
    read_text[pid] = trimmed(substr(s, 1, 4096))
  }
  close(line)
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
  ticks[pid] = cpu; reaped[pid] = children
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

function processes(full,   i, pid, now, there, cold, colds, turn, missing) {
  explained = 0; read = 0
  now = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", now)
  if (now != list) {
    list = now
    for (i = 1; i <= count; i++) there[pids[i]] = 1
    for (pid in known) if (!(pid in there)) vanished[pid] = 1
    for (pid in vanished) gone(pid)
    split("", vanished)
  }
  turn = seq % 5; colds = 0
  for (i = 1; i <= count; i++) {
    pid = pids[i]
    if (full || ((pid in hot) && hot[pid] >= seq) || pid % 5 == turn || !(pid in known)) visit(pid)
    else cold[++colds] = pid
  }
  # Busy time that nobody read so far accounts for: read the rest, but not every tick if that does not explain it either.
  if (have_last && colds) {
    missing = busy - last_busy - explained
    if (missing > hz / 20 && missing > (busy - last_busy) / 10 && (missing > 1.5 * residual + hz / 20 || seq - swept >= 5)) {
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
