import { asText, formatBytes } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { TruncateArguments, VacuumArguments } from '../../../shared/model/remediation.ts';
import { needsRoot } from './privilege.ts';
import { processKey } from './processActions.ts';
import type { ScriptAction } from './scriptAction.ts';

/**
 * A deleted file's blocks stay in use while a process holds it open. Through /proc/PID/fd it is cut to nothing without
 * the process noticing: one that appends goes on at the new end; one that writes at its own offset leaves a hole.
 */
export const truncateDeleted: ScriptAction<TruncateArguments> = {
  script: ({ target, descriptor, inode }) => ({
    intent: `empty the deleted file that pid ${target.pid} holds open as descriptor ${descriptor}`,
    parameters: [
      target.bootId,
      String(target.pid),
      String(target.startTicks),
      String(descriptor),
      String(inode),
    ],
    common: 'boot=$1 pid=$2 start=$3 fd=$4 inode=$5; f=/proc/$pid/fd/$fd',
    guard: `same_process "$boot" "$pid" "$start"
l=$(readlink "$f") || refuse "Descriptor $fd of pid $pid is not open any more, or this account may not see it."
case $l in *" (deleted)") ;; *) refuse "Descriptor $fd of pid $pid is now another file, which is not deleted: $l";; esac
command -v stat >/dev/null || refuse "There is no stat on this host, which tells that it is still the same file."
i=$(stat -L -c "%i %h" "$f" 2>/dev/null) || refuse "It could not be looked at."
[ "@{i% *}" = "$inode" ] || refuse "Descriptor $fd of pid $pid is another deleted file now: $l"
[ "@{i#* }" = 0 ] || refuse "It has another name still (a hard link): what is in it would be gone from there too."
passed "It is still the same deleted file: $l, $(stat -L -c %s "$f") bytes"`.replaceAll('@{', '${'),
    // Opened first, then looked at, then cut through what was opened: the descriptor may be another file's at any moment, as
    // when the process begins its next log.
    execute:
      '{ [ "$(stat -L -c "%i %h" "/proc/$$/fd/9" 2>/dev/null)" = "$inode 0" ] || failed "Descriptor $fd of pid $pid has become another file meanwhile: nothing was changed."; : > "/proc/$$/fd/9"; } 9<>"$f" 2>/dev/null || failed "The host refused to empty it."; did "emptied"',
    verify:
      'b=$(stat -L -c "%b %B" "$f" 2>/dev/null) || verified "It is closed: nothing is held any more."; set -- $b; u=$(($1 * $2)); [ $u -le 1048576 ] && verified "It holds $u bytes of disk now."; unverified "It still holds $u bytes of disk."',
  }),
  async plan({ target, descriptor, inode }, { host, look }) {
    const ran = await look.run(
      'f=/proc/$1/fd/$2; printf "%s\\n" "$(readlink "$f")"; stat -L -c "%i %s %b %B" "$f"; tr "\\0" " " </proc/$1/comm',
      String(target.pid),
      String(descriptor),
    );
    const [link = '', figures = '', name = ''] = ran.stdout.split('\n');
    const [found, size, blocks, unit] = figures.split(' ').map(Number);
    const file = visibleText(link.replace(/ \(deleted\)$/, ''), 300);
    const refusal =
      found === undefined || Number.isNaN(found) || !link.endsWith(' (deleted)')
        ? 'It is no deleted file any more, or this account may not see it.'
        : found !== inode
          ? 'It is another file by now.'
          : undefined;
    const held = asText(formatBytes((blocks ?? 0) * (unit ?? 512)));
    return {
      title: `Empty the deleted ${file.split('/').at(-1) ?? file} of pid ${target.pid}`,
      target: processKey(host, target),
      effect: 'the file was emptied',
      guard: 'Checking on the host that it is still the same deleted file of the same process',
      timeoutMs: 60_000,
      needs: await needsRoot(look),
      touches: [
        `${file}, deleted, held open by ${visibleText(name, 32)} (pid ${target.pid}): ${asText(formatBytes(size ?? 0))} long, ${held} of disk.`,
        'What is in it is gone for good. Where it is a data file and no log, the process may fail.',
      ],
      verification: 'The same command reads how much disk it still holds.',
      ...(refusal === undefined ? {} : { refusal }),
    };
  },
};

export const vacuumJournal: ScriptAction<VacuumArguments> = {
  script: ({ keepBytes }) => ({
    intent: `delete the oldest archived journals of systemd, down to ${keepBytes} bytes`,
    parameters: [String(keepBytes)],
    common: 'keep=$1; used() { journalctl --disk-usage 2>&1 | tr "\\n" " "; }',
    guard:
      'command -v journalctl >/dev/null || refuse "There is no journalctl here."; passed "Before: $(used)"',
    execute:
      'e=$(journalctl --rotate 2>&1; journalctl --vacuum-size="$keep" 2>&1) || failed "journalctl refused: $(printf %s "$e" | tail -n 1)"; did "$(printf %s "$e" | tail -n 1)"',
    verify: 'u=$(used) || unverified "It could not be asked."; verified "$u"',
  }),
  async plan({ keepBytes }, { host, look }) {
    const { stdout } = await look.run('command -v journalctl >/dev/null && journalctl --disk-usage 2>&1');
    const now = visibleText(stdout.trim(), 200);
    return {
      title: `Cut the journal down to ${asText(formatBytes(keepBytes))}`,
      target: `${host}/journal`,
      effect: 'journals were deleted',
      guard: 'Looking for the journal',
      timeoutMs: 120_000,
      needs: await needsRoot(look),
      touches: [
        now === '' ? 'How much it takes now is not known.' : now,
        'The oldest entries are gone for good.',
      ],
      verification: 'journalctl is asked how much it takes afterwards.',
      ...(now === '' ? { refusal: 'There is no journal of systemd here.' } : {}),
    };
  },
};
