import { create } from 'zustand';
import type { Prompt, PromptId } from '../../shared/model/prompt.ts';

/** Questions of connections, oldest first. */
export const usePrompts = create<{ waiting: readonly Prompt[] }>(() => ({ waiting: [] }));

export function addPrompt(prompt: Prompt): void {
  usePrompts.setState(({ waiting }) => ({ waiting: [...waiting.filter((p) => p.id !== prompt.id), prompt] }));
}

export function removePrompt(id: PromptId): void {
  usePrompts.setState(({ waiting }) => ({ waiting: waiting.filter((p) => p.id !== id) }));
}
