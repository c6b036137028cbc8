import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { RemediationOptions } from './remediation.ts';

/** The workbench ended while a command ran: what it did is not known, and the record must say so. */
export function settleInterrupted({ store, clock, publishRecord, diagnostic }: RemediationOptions): void {
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
    }
  } catch (error) {
    diagnostic(`remediation: unfinished records could not be settled: ${String(error)}`);
  }
}
