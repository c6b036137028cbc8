import { visibleText } from '../../shared/model/hostText.ts';
import type { Prompt } from '../../shared/model/prompt.ts';

/** One question of a prompt, as it is put on a terminal. */
export interface TerminalQuestion {
  text: string;
  echo: boolean;
}

/** What is said before the questions, and the questions. Text from the server is made visible first. */
export function promptWords(prompt: Prompt): { preface: string[]; questions: TerminalQuestion[] } {
  const who =
    prompt.hop && prompt.hop !== prompt.host
      ? `${prompt.host} (by ${visibleText(prompt.hop, 200)})`
      : prompt.host;
  switch (prompt.kind) {
    case 'passphrase':
      return {
        preface: prompt.retry ? [`${who}: that passphrase did not open the key.`] : [],
        questions: [{ text: `${who}: passphrase of ${visibleText(prompt.keyPath)}: `, echo: false }],
      };
    case 'password':
      return {
        preface: prompt.retry ? [`${who}: that password was refused.`] : [],
        questions: [{ text: `${who}: password of ${visibleText(prompt.user, 200)}: `, echo: false }],
      };
    case 'sudoPassword':
      return {
        preface: [],
        questions: [
          { text: `${who}: password for sudo, for “${visibleText(prompt.plan, 200)}”: `, echo: false },
        ],
      };
    case 'keyboardInteractive':
      return {
        preface: [prompt.name, ...prompt.instructions.split('\n')]
          .map((line) => visibleText(line.trimEnd(), 1000))
          .filter((line) => line !== '')
          .map((line) => `${who} says: ${line}`),
        questions: prompt.questions.map(({ text, echo }) => ({
          text: `${who} asks: ${visibleText(text.trimEnd(), 1000)} `,
          echo,
        })),
      };
    case 'browserSignIn':
      return {
        preface: [
          `${who}: sign in at ${visibleText(prompt.url, 500)} and confirm the code ${visibleText(prompt.userCode, 40)}.`,
        ],
        questions: [],
      };
    case 'hostKey':
      return {
        preface: [
          `${who}: the key of ${visibleText(prompt.address, 300)} is not known.`,
          `${visibleText(prompt.keyType, 100)} ${visibleText(prompt.fingerprint, 200)}`,
          ...(prompt.note === undefined ? [] : [visibleText(prompt.note, 600)]),
        ],
        questions: [
          { text: `Trust it and add it to ${visibleText(prompt.knownHostsFile)}? (yes/no) `, echo: true },
        ],
      };
  }
}
