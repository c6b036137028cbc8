import { runbookValue } from '../../../shared/model/runbookValue.ts';
import type { Runbook, RunbookParameter } from '../../../shared/model/workspace.ts';
import { type Entries, type Item, quote, type YamlReader } from './yamlReader.ts';

const KEYS = ['name', 'title', 'on', 'parameters', 'guard', 'run', 'verify', 'root', 'timeout'];
const TYPES = ['text', 'integer', 'choice'] as const;
const NAME = /^[a-z][a-z0-9-]{0,63}$/;
/** Lower case: no variable that means something to a shell or to a program. */
const PARAMETER = /^[a-z][a-z0-9_]{0,31}$/;
const USUAL_SECONDS = 60;

/**
 * Remediations of the workspace's own:
 *
 *     runbooks:
 *       - name: restart-app
 *         title: Restart one app
 *         on: [web]
 *         parameters:
 *           app: { type: choice, choices: [shop, blog] }
 *           workers: { type: integer, minimum: 1, maximum: 64, default: 4 }
 *           ticket: { type: text, pattern: "OPS-[0-9]+" }
 *         guard: test -d "/srv/$app"          # must succeed, or nothing is run
 *         run: systemctl restart "app-$app"
 *         verify: systemctl is-active "app-$app"
 *         root: true                          # through sudo where the account is not root
 *         timeout: 60                         # seconds
 */
export function readRunbooks(
  reader: YamlReader,
  item: Item,
  readOn: (item: Item) => string[] | undefined,
): Runbook[] {
  const runbooks: Runbook[] = [];
  for (const one of reader.list(item, 'runbooks') ?? []) {
    const runbook = readRunbook(reader, one, readOn);
    if (!runbook) continue;
    if (runbooks.some(({ name }) => name === runbook.name))
      reader.problem(one.offset, `There are two runbooks ${quote(runbook.name)}.`, 'a name of its own');
    else runbooks.push(runbook);
  }
  return runbooks;
}

function readRunbook(
  reader: YamlReader,
  item: Item,
  readOn: (item: Item) => string[] | undefined,
): Runbook | undefined {
  const entries = reader.map(item, 'a runbook', KEYS);
  if (!entries) return undefined;
  const required = (key: string, expected: string) => {
    const found = entries.get(key);
    if (!found) reader.problem(item.offset, `A runbook has no ${key}.`, expected);
    return found;
  };
  const nameItem = required('name', 'name: a short name, such as restart-app');
  const runItem = required('run', 'run: what is run on the host, in POSIX shell');
  const name = nameItem && reader.text(nameItem, 'name');
  if (nameItem && name !== undefined && !NAME.test(name)) {
    reader.problem(
      nameItem.offset,
      `The name ${quote(name)} cannot be used.`,
      'lower-case letters, digits and hyphens, such as restart-app',
    );
    return undefined;
  }
  const script = (key: string) => {
    const found = entries.get(key);
    return found && reader.block(found, key);
  };
  const titleItem = entries.get('title');
  const title = titleItem && reader.text(titleItem, 'title');
  const onItem = entries.get('on');
  const on = onItem && readOn(onItem);
  const parametersItem = entries.get('parameters');
  const parameters = parametersItem ? readParameters(reader, parametersItem) : [];
  const rootItem = entries.get('root');
  const root = rootItem ? reader.flag(rootItem, 'root') : false;
  const timeoutItem = entries.get('timeout');
  const timeoutSeconds = timeoutItem ? reader.whole(timeoutItem, 'timeout', 1, 3600) : USUAL_SECONDS;
  const run = runItem && reader.block(runItem, 'run');
  const guard = script('guard');
  const verify = script('verify');
  if (
    name === undefined ||
    run === undefined ||
    root === undefined ||
    timeoutSeconds === undefined ||
    !parameters
  )
    return undefined;
  if (onItem && !on) return undefined;
  return {
    name,
    title: title ?? name,
    ...(on ? { on } : {}),
    parameters,
    ...(guard === undefined ? {} : { guard }),
    run,
    ...(verify === undefined ? {} : { verify }),
    root,
    timeoutSeconds,
  };
}

function readParameters(reader: YamlReader, item: Item): RunbookParameter[] | undefined {
  const named = reader.map(item, 'parameters');
  if (!named) return undefined;
  const parameters: RunbookParameter[] = [];
  for (const [name, one] of named) {
    const parameter = readParameter(reader, name, one);
    if (!parameter) return undefined;
    parameters.push(parameter);
  }
  return parameters;
}

function readParameter(
  reader: YamlReader,
  name: string,
  item: Item & { at: number },
): RunbookParameter | undefined {
  if (!PARAMETER.test(name)) {
    reader.problem(
      item.at,
      `The parameter ${quote(name)} cannot be used.`,
      'lower-case letters, digits and underscores: it becomes a shell variable',
    );
    return undefined;
  }
  const entries = reader.map(item, `the parameter ${name}`, [
    'type',
    'pattern',
    'minimum',
    'maximum',
    'choices',
    'default',
  ]);
  if (!entries) return undefined;
  const typeItem = entries.get('type');
  const written = typeItem ? reader.text(typeItem, 'type') : 'text';
  const type = TYPES.find((one) => one === written);
  if (type === undefined) {
    if (typeItem && written !== undefined)
      reader.problem(typeItem.offset, `There is no type ${quote(written)}.`, `one of: ${TYPES.join(', ')}`);
    return undefined;
  }
  const kind = readKind(reader, type, entries, item);
  if (!kind) return undefined;
  const standardItem = entries.get('default');
  const standard = standardItem && defaultOf(standardItem);
  if (!standardItem) return { name, ...kind };
  const checked = standard === undefined ? undefined : runbookValue({ name, ...kind }, standard);
  if (standard === undefined || !checked?.ok) {
    reader.problem(
      standardItem.offset,
      `The default of ${name} cannot be used.`,
      checked && !checked.ok ? checked.error : 'text or a number',
    );
    return undefined;
  }
  return { name, ...kind, default: standard };
}

type Kind = RunbookParameter extends infer P
  ? P extends RunbookParameter
    ? Omit<P, 'name' | 'default'>
    : never
  : never;

function readKind(
  reader: YamlReader,
  type: (typeof TYPES)[number],
  entries: Entries,
  item: Item,
): Kind | undefined {
  switch (type) {
    case 'text': {
      const patternItem = entries.get('pattern');
      const pattern = patternItem && reader.text(patternItem, 'pattern');
      if (!patternItem) return { type };
      if (pattern === undefined) return undefined;
      try {
        new RegExp(pattern, 'u');
        return { type, pattern };
      } catch (error) {
        reader.problem(
          patternItem.offset,
          `The pattern ${quote(pattern)} cannot be used: ${error instanceof Error ? error.message : error}.`,
          'a regular expression of JavaScript',
        );
        return undefined;
      }
    }
    case 'integer': {
      const bound = (key: string) => {
        const found = entries.get(key);
        return found && reader.whole(found, key, -1e15, 1e15);
      };
      const minimum = bound('minimum');
      const maximum = bound('maximum');
      return {
        type,
        ...(minimum === undefined ? {} : { minimum }),
        ...(maximum === undefined ? {} : { maximum }),
      };
    }
    case 'choice': {
      const choicesItem = entries.get('choices');
      const choices = choicesItem && reader.texts(choicesItem, 'choices');
      if (!choices) {
        if (!choicesItem) reader.problem(item.offset, 'A choice has no choices.', 'choices: [first, second]');
        return undefined;
      }
      return { type, choices };
    }
  }
}

function defaultOf({ node }: Item): string | undefined {
  const value = node && 'value' in node ? node.value : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
