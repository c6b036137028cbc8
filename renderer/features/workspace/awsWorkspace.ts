import type { AwsInstance, AwsService } from '../../../shared/model/awsInventory.ts';

export type AwsChoice =
  | { kind: 'instance'; instance: AwsInstance }
  | { kind: 'service'; service: AwsService };

/** Workspace YAML of what was chosen. Names of AWS become ids where they can be ids. */
export function awsWorkspace(
  choices: readonly AwsChoice[],
  place: { profile?: string; region?: string },
): string {
  const taken = new Set<string>();
  const where = [
    ...(place.region === undefined ? [] : [`region: ${scalar(place.region)}`]),
    ...(place.profile === undefined ? [] : [`profile: ${scalar(place.profile)}`]),
  ];
  const hosts = choices.map((choice) => {
    if (choice.kind === 'instance') {
      const { id, name } = choice.instance;
      return `  - { id: ${idFrom(name ?? id, taken)}, ssm: { ${[`instance: ${scalar(id)}`, ...where].join(', ')} } }`;
    }
    const { cluster, name, containers } = choice.service;
    const [only] = containers;
    const parts = [
      `cluster: ${scalar(cluster)}`,
      `service: ${scalar(name)}`,
      // With several the first is a guess that a person sees.
      ...(only === undefined ? [] : [`container: ${scalar(only)}`]),
      ...where,
    ];
    return `  - { id: ${idFrom(name, taken)}, ecs: { ${parts.join(', ')} } }`;
  });
  return ['version: 1', 'name: aws', 'hosts:', ...hosts, ''].join('\n');
}

/** 1 to 64 letters, digits, `.`, `_`, `-`, the first no `.` or `-`; another number where it is taken. */
function idFrom(name: string, taken: Set<string>): string {
  const base =
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 56) || 'host';
  let id = base;
  for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return scalar(id);
}

/** JSON's strings are YAML's; what looks like a number must not become one. */
function scalar(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_/.-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
