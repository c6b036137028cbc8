import { type AnsibleInventory, addHosts, emptyInventory, groupOf, setVariable } from './ansibleInventory.ts';
import { splitArguments } from './splitArguments.ts';

/**
 * An inventory in Ansible's INI form: lines of hosts with `name=value`, under `[group]`, `[group:children]`,
 * `[group:vars]`; those before any heading are in no group. A line that cannot be read is a warning.
 */
export function readAnsibleIni(text: string, file: string, warnings: string[]): AnsibleInventory {
  const inventory = emptyInventory();
  let section = 'ungrouped';
  let kind: 'hosts' | 'children' | 'vars' | 'unknown' = 'hosts';
  let lost = 0;
  for (const [index, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const heading = /^\[([^\]:\s]{1,200})(?::(\w{1,20}))?\]\s*(?:[#;].*)?$/.exec(line.slice(0, 1000));
    if (heading) {
      section = heading[1] ?? '';
      const said = heading[2] ?? 'hosts';
      kind = said === 'hosts' || said === 'children' || said === 'vars' ? said : 'unknown';
      if (kind !== 'unknown') {
        groupOf(inventory, section);
        continue;
      }
    }
    const read =
      !heading && kind === 'hosts'
        ? readHost(inventory, section, line)
        : kind === 'children'
          ? readChild(inventory, section, line)
          : kind === 'vars' && readVariable(inventory, section, line);
    if (read === true) continue;
    lost++;
    if (lost <= 10)
      warnings.push(
        `${file}:${index + 1}: ${JSON.stringify(line.slice(0, 80))} ${read === 'partly' ? 'holds more than name=value; that was' : 'cannot be read and was'} left out.`,
      );
  }
  if (lost > 10) warnings.push(`${lost - 10} more lines cannot be read and were left out.`);
  return inventory;
}

function readHost(inventory: AnsibleInventory, section: string, line: string): boolean | 'partly' {
  const words = splitArguments(line, true);
  const [pattern, ...assignments] = words ?? [];
  if (pattern === undefined) return words !== undefined;
  const hosts = addHosts(inventory, section, pattern);
  if (!hosts) return false;
  let whole: boolean | 'partly' = true;
  const own = new Map<string, string>();
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) whole = 'partly';
    else setVariable(own, assignment.slice(0, equals), assignment.slice(equals + 1));
  }
  for (const variables of hosts) for (const [name, value] of own) variables.set(name, value);
  return whole;
}

function readChild(inventory: AnsibleInventory, section: string, line: string): boolean {
  const comment = line.search(/[#;]/);
  const name = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  if (name === '' || name.length > 200 || /\s/.test(name)) return false;
  groupOf(inventory, name);
  groupOf(inventory, section).children.add(name);
  return true;
}

/** Values of `:vars` are the rest of the line; quotes around the whole are not part of it. */
function readVariable(inventory: AnsibleInventory, section: string, line: string): boolean {
  const equals = line.indexOf('=');
  if (equals < 1) return false;
  const value = line.slice(equals + 1).trim();
  setVariable(
    groupOf(inventory, section).variables,
    line.slice(0, equals).trim(),
    /^(["'])(.*)\1$/.exec(value)?.[2] ?? value,
  );
  return true;
}
