import { create } from 'zustand';
import type { UserSettings } from '../../shared/model/userSettings.ts';

/** What this person has set on the core's machine; told with every snapshot. */
export const useSettings = create<UserSettings>(() => ({ keys: {}, problems: [] }));

/** tmux's. */
const DEFAULT_PREFIX = 'Ctrl+B';

export function prefixKey(): string {
  return useSettings.getState().prefix ?? DEFAULT_PREFIX;
}
