import { create } from 'zustand';
import type { DiagnosisId, DiagnosisResult } from '../../shared/model/diagnosis.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { ProcessIdentity } from '../../shared/model/process.ts';
import type { EventId } from '../../shared/model/timelineEvent.ts';
import { call, errorOf } from './connection.ts';

/** One look: running, or what came of it. */
export interface Look {
  diagnosis: DiagnosisId;
  label: string;
  target?: ProcessIdentity;
  state: { kind: 'running' } | { kind: 'done'; result: DiagnosisResult } | { kind: 'failed'; reason: string };
}

interface Diagnoses {
  /** Of each host the latest look. All of them are on the timeline. */
  latest: Record<string, Look>;
  /** Looks go through sudo where that asks for no password. */
  asRoot: boolean;
  /** The process that was chosen last on each host. */
  targets: Record<string, { identity: ProcessIdentity; name: string }>;
}

export const useDiagnoses = create<Diagnoses>(() => ({ latest: {}, asRoot: false, targets: {} }));

export async function look(
  host: HostId,
  { id, label }: { id: DiagnosisId; label: string },
  target?: ProcessIdentity,
  event?: EventId,
): Promise<boolean> {
  const own: Look = { diagnosis: id, label, ...(target ? { target } : {}), state: { kind: 'running' } };
  const put = (next: Look) =>
    useDiagnoses.setState((state) => ({ latest: { ...state.latest, [host]: next } }));
  put(own);
  let next: Look;
  try {
    const result = await call('diagnosis.run', {
      host,
      diagnosis: id,
      asRoot: useDiagnoses.getState().asRoot,
      ...(target ? { target } : {}),
      ...(event === undefined ? {} : { event }),
    });
    next = { ...own, state: { kind: 'done', result } };
  } catch (thrown) {
    const { message, advice } = errorOf(thrown);
    next = { ...own, state: { kind: 'failed', reason: [message, advice].filter(Boolean).join(' ') } };
  }
  // Another look may have begun meanwhile: it is the one to be shown.
  if (useDiagnoses.getState().latest[host] === own) put(next);
  return next.state.kind === 'done';
}
