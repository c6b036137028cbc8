import { visibleText } from '../../shared/model/hostText.ts';
import type { Finding, FindingName, HostExamination } from './examineHost.ts';

const COLUMNS: readonly { name: FindingName; title: string }[] = [
  { name: 'login', title: 'LOGIN' },
  { name: 'sampler', title: 'SAMPLER' },
  { name: 'kernelLog', title: 'KERNEL LOG' },
  { name: 'clock', title: 'CLOCK' },
  { name: 'channels', title: 'CHANNELS' },
];

const MARKS: Record<Finding['state'], string> = { ok: '●', warning: '◐', failed: '✕', unknown: '–' };

/** The examination for people: a row a host, then what to do, then the sum. */
export function doctorTable(hosts: readonly HostExamination[]): string {
  const rows = [
    ['HOST', 'ADDRESS', ...COLUMNS.map((c) => c.title)],
    ...hosts.map((h) => [
      h.host,
      visibleText(h.address, 60),
      ...COLUMNS.map(({ name }) => `${MARKS[h.findings[name].state]} ${h.findings[name].text}`),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
  const advice = hosts.flatMap((h) =>
    COLUMNS.flatMap(({ name, title }) => {
      const finding = h.findings[name];
      return finding.advice === undefined ? [] : [`  ${h.host}, ${title.toLowerCase()}: ${finding.advice}`];
    }),
  );
  const usable = hosts.filter((h) => h.usable).length;
  return [
    ...lines,
    ...(advice.length > 0 ? ['', 'What to do', ...advice] : []),
    '',
    `${usable} of ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'} can be used`,
    '',
  ].join('\n');
}
