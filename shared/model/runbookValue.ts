import { fail, ok, type Result } from '../base/result.ts';
import type { RunbookParameter } from './workspace.ts';

/** A value of a runbook's parameter, if it is one; otherwise what would be. */
export function runbookValue(parameter: RunbookParameter, value: string): Result<string, string> {
  const { name } = parameter;
  if (/[\u0000\r\n]/.test(value)) return fail(`${name}: one line of text`);
  switch (parameter.type) {
    case 'text':
      if (value === '') return fail(`${name}: some text`);
      if (parameter.pattern !== undefined && !new RegExp(`^(?:${parameter.pattern})$`, 'u').test(value))
        return fail(`${name}: text that matches ${parameter.pattern}`);
      return ok(value);
    case 'integer': {
      const number = Number(value);
      const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = parameter;
      if (!/^-?\d{1,16}$/.test(value) || number < minimum || number > maximum)
        return fail(
          `${name}: a whole number${parameter.minimum === undefined ? '' : `, ${minimum} or more`}${parameter.maximum === undefined ? '' : `, at most ${maximum}`}`,
        );
      return ok(value);
    }
    case 'choice':
      return parameter.choices.includes(value)
        ? ok(value)
        : fail(`${name}: one of ${parameter.choices.join(', ')}`);
  }
}
