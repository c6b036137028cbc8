import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { RemediationOptions } from './remediation.ts';
import { outcomeEvent } from './remediationEvents.ts';

/**
 * The workbench ended while a command ran: what it did is not known, and the record and the timeline must say so. Gives those
 * that it happened to.
 */
export function settleInterrupted({
  store,
  clock,
  publishRecord,
  publishEvent,
  diagnostic,
}: RemediationOptions): RemediationRecord[] {
  const settled: RemediationRecord[] = [];
  try {
    for (const record of store.readRemediations()) {
      if (record.outcome !== undefined) continue;
      const verdict = 'The workbench ended while it ran: what it did is not known. Look again.';
      const next: RemediationRecord = {
        ...record,
        outcome: 'unknown',
        verdict,
        steps: [
          ...record.steps.map((s) => (s.state === 'running' ? { ...s, state: 'unknown' as const } : s)),
          { name: 'record', state: 'done', at: clock.now(), text: verdict },
        ],
      };
      store.putRemediation(next);
      publishRecord(next);
      publishEvent(outcomeEvent(next, clock.now()));
      settled.push(next);
    }
  } catch (error) {
    diagnostic(`remediation: unfinished records could not be settled: ${String(error)}`);
  }
  return settled;
}
