/**
 * Who wrote a line of a syslog, and what: the stamp and the host in front of it are left out, as is the kernel's own
 * second stamp. A line without a writer comes back whole. The forms:
 * - `Oct  3 22:19:59 host kernel: [28441.9] text`, also with a fraction of a second, with another language's month
 *   (`mars 01`, `5月 29`), and without a host (journalctl --no-hostname)
 * - `2026-05-28T12:21:57.303295+00:00 host kernel: text`, and with a space for the `T`
 * - busybox's `Aug 11 22:52:54 host kern.info kernel: text`, logread's `Thu Aug 11 22:52:54 2022 kern.info kernel: text`
 * - RFC 5424: `<6>1 2026-05-28T12:21:57.303295Z host kernel - - - text`
 */
export function splitSyslog(text: string): { tag: string | undefined; text: string } {
  const match = LINE.exec(text) ?? RFC_5424.exec(text);
  if (match) return { tag: match[1], text: text.slice(match[0].length) };
  return { tag: undefined, text: text.replace(/^(?:<\d+>)?(?:kernel: ?)?(?:\[ *\d+\.\d+\] ?)?/, '') };
}

const STAMP = String.raw`(?:(?:\S{2,9} )?\S{2,9} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: \d{4})?|(?:\S{2,9} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,16}(?: (?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?))?)`;
const KERNEL_STAMP = String.raw`(?:\[ *\d{1,12}\.\d{1,9}\] ?)?`;
const LINE = new RegExp(
  String.raw`^(?:<\d{1,3}>)?${STAMP} (?:\S{1,255} )??(?:[a-z0-9]{3,8}\.[a-z]{3,7} )?([^:[\s]{1,128})(?:\[\d{1,10}\])?:(?=[ [<]|$) ?${KERNEL_STAMP}`,
);
const RFC_5424 = new RegExp(
  String.raw`^(?:<\d{1,3}>)?1 \d{4}-\S{1,40} \S{1,255} (\S{1,48}) \S{1,128} \S{1,32} (?:-|\[[^\]]{0,1000}\]) ?\uFEFF?${KERNEL_STAMP}`,
);
