import type { PaneId } from '../../../shared/model/pane.ts';

/** How a pane of a broadcast stands beside the others: its prompt, what the last command printed, or that nothing came. */
export type AnswerMark = 'prompt' | 'output' | 'silent';

export interface GroupMember {
  pane: PaneId;
  /** The line of the cursor, up to it; a full-screen program's own mark instead. */
  prompt: string;
  /** What was printed since Enter was last broadcast; `undefined` before the first. */
  output: string | undefined;
  /** Names of the host, which every host's prompt and output may hold: they are no difference. */
  names: readonly string[];
  /** Enter was sent a while ago, and nothing came back. */
  silent: boolean;
}

/**
 * Marks the panes that differ from what more than half of the group show; where no such half is, all of them. `kinds`
 * says how many different outputs there are.
 */
export function compareAnswers(answers: readonly GroupMember[]): {
  marks: Record<PaneId, AnswerMark>;
  kinds: number;
} {
  const marks: Record<PaneId, AnswerMark> = {};
  const heard = answers.filter((one) => !one.silent);
  for (const { pane, silent } of answers) if (silent) marks[pane] = 'silent';
  const prompts = odd(heard.map((one) => [one.pane, neutral(one.prompt, one.names)]));
  const outputs = odd(
    heard.flatMap((one) => (one.output === undefined ? [] : [[one.pane, neutral(one.output, one.names)]])),
  );
  for (const pane of prompts.panes) marks[pane] = 'prompt';
  for (const pane of outputs.panes) marks[pane] = 'output';
  return { marks, kinds: outputs.kinds };
}

function odd(texts: readonly (readonly [PaneId, string])[]): { panes: PaneId[]; kinds: number } {
  const counts = new Map<string, number>();
  for (const [, text] of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const common = [...counts].find(([, count]) => count > texts.length / 2)?.[0];
  const panes = texts.filter(([, text]) => text !== common).map(([pane]) => pane);
  return { panes: counts.size < 2 ? [] : panes, kinds: counts.size };
}

/** The longest name first, so that one that begins with another is taken whole; whole words only. */
function neutral(text: string, names: readonly string[]): string {
  const known = names.filter(Boolean).toSorted((a, b) => b.length - a.length);
  if (known.length === 0) return text;
  const escaped = known.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.replace(new RegExp(`(?<![A-Za-z0-9])(?:${escaped.join('|')})(?![A-Za-z0-9])`, 'g'), '⌂');
}
