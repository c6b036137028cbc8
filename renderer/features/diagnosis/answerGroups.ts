/** What one host said: text, or why it said nothing. */
export type Answer =
  | { kind: 'waiting' }
  | { kind: 'answered'; text: string; exitCode: number | undefined; tookMs: number; truncated: boolean }
  | { kind: 'failed'; reason: string };

/** Hosts that said the same. The first group is the largest; `odd` are the lines that it does not have. */
export interface AnswerGroup<Host extends string> {
  hosts: Host[];
  text: string;
  exitCode: number | undefined;
  /** Numbers of lines, from 0, that the largest group's answer has not. */
  odd: ReadonlySet<number>;
}

/** Equal answers together, the most common first; blanks at the ends of lines do not make a difference. */
export function groupAnswers<Host extends string>(answers: ReadonlyMap<Host, Answer>): AnswerGroup<Host>[] {
  const groups = new Map<string, AnswerGroup<Host>>();
  for (const [host, answer] of answers) {
    if (answer.kind !== 'answered') continue;
    const text = answer.text.replace(/[ \t\r]+$/gm, '').replace(/\n+$/, '');
    const key = `${answer.exitCode} ${text}`;
    const group = groups.get(key);
    if (group) group.hosts.push(host);
    else groups.set(key, { hosts: [host], text, exitCode: answer.exitCode, odd: new Set() });
  }
  const ordered = [...groups.values()].sort((a, b) => b.hosts.length - a.hosts.length);
  const usual = new Set((ordered[0]?.text ?? '').split('\n').map(squeezed));
  return ordered.map((group, index) =>
    index === 0
      ? group
      : {
          ...group,
          odd: new Set(
            group.text.split('\n').flatMap((line, number) => (usual.has(squeezed(line)) ? [] : [number])),
          ),
        },
  );
}

/** Columns that a longer number pushed aside are the same line. */
const squeezed = (line: string) => line.trim().replace(/\s+/g, ' ');

/** Answered, and took more than three times the median and a second: worth naming. */
export function slowHosts<Host extends string>(answers: ReadonlyMap<Host, Answer>): Host[] {
  const took = [...answers.values()].flatMap((answer) => (answer.kind === 'answered' ? [answer.tookMs] : []));
  const median = took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? 0;
  return [...answers].flatMap(([host, answer]) =>
    answer.kind === 'answered' && answer.tookMs > Math.max(1000, 3 * median) ? [host] : [],
  );
}
