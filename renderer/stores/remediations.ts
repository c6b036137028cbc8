import { create } from 'zustand';
import type { PlanId, RemediationRecord } from '../../shared/model/remediation.ts';

export const useRemediations = create<{ byPlan: Record<PlanId, RemediationRecord> }>(() => ({ byPlan: {} }));

export function putRemediation(record: RemediationRecord): void {
  useRemediations.setState((state) => ({ byPlan: { ...state.byPlan, [record.plan.id]: record } }));
}
