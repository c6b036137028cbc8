import type { Evidence } from '../../../shared/model/timelineEvent.ts';

type Line = Extract<Evidence, { type: 'line' }>;

/** A line, and whether the same came again at once: how often is not said, since of many lines some are kept. Epoch ms. */
export interface EvidenceLine {
  text: string;
  at?: number;
  again?: { lastAt?: number };
}

/** Lines that follow each other and are of one source, as they stand there. */
export interface EvidenceLines {
  type: 'lines';
  source: string;
  lines: EvidenceLine[];
}

/** Evidence as it is shown: what one source says in a row is one piece, and the same words again stand there once. */
export function evidencePieces(evidence: readonly Evidence[]): (Exclude<Evidence, Line> | EvidenceLines)[] {
  const pieces: (Exclude<Evidence, Line> | EvidenceLines)[] = [];
  for (const one of evidence) {
    if (one.type !== 'line') {
      pieces.push(one);
      continue;
    }
    const last = pieces.at(-1);
    const piece: EvidenceLines =
      last?.type === 'lines' && last.source === one.source
        ? last
        : { type: 'lines', source: one.source, lines: [] };
    if (piece !== last) pieces.push(piece);
    add(piece.lines, one);
  }
  return pieces;
}

function add(lines: EvidenceLine[], { text, at }: Line): void {
  const before = lines.at(-1);
  const when = at === undefined ? {} : { at };
  if (before?.text !== text) lines.push({ text, ...when });
  else before.again = at === undefined ? {} : { lastAt: at };
}
