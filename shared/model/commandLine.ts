import { visibleText } from './hostText.ts';

/**
 * Text with command lines in it, without the secrets that they name as such: what is recorded or reported outlives the
 * process, and goes to more people than may log in to its host. Known by their name alone: Erlang's cookie, options and
 * variables of a password, secret, token or key, and the password in an address.
 */
export function withoutSecrets(text: string): string {
  return text.replace(NAMED, '$1…').replace(IN_ADDRESS, '$1…');
}

const NAMED =
  /((?<=\s)-setcookie\s|(?:--?[\w-]{0,40}(?:password|passwd|secret|token|api[-_]?key)[= ]|(?<=^|\s)[A-Z_]{0,40}(?:PASSWORD|PASSWD|_PWD|SECRET|TOKEN|API_?KEY)=))\S+/gi;
const IN_ADDRESS = /(:\/\/[^\s:@/]{0,80}:)[^\s@/]+(?=@)/g;

/** A process in words, by its command line; by its name where it has none. Safe to show. */
export function commandWords(process: { command: string; name: string }, maximumLength: number): string {
  const command = process.command.trim();
  return visibleText(command === '' ? process.name : withoutSecrets(command), maximumLength);
}
