import { create } from 'zustand';
import type { Incident } from '../../shared/model/incident.ts';

/** The running incident, or `null`. */
export const useIncident = create<{ incident: Incident | null }>(() => ({ incident: null }));
