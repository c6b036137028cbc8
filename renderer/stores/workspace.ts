import { create } from 'zustand';
import type { WorkspaceView } from '../../shared/contract/commands.ts';

interface OpenWorkspace {
  version: string;
  home: 'electron' | 'web';
  recordDirectory: string;
  view: WorkspaceView | undefined;
}

export const useWorkspace = create<OpenWorkspace>(() => ({
  version: '',
  home: 'web',
  recordDirectory: '',
  view: undefined,
}));
