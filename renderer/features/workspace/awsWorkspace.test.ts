import { expect, it } from 'vitest';
import type { AwsInstance } from '../../../shared/model/awsInventory.ts';
import { awsWorkspace } from './awsWorkspace.ts';

const instance = (id: string, name?: string): AwsInstance => ({
  id,
  ...(name === undefined ? {} : { name }),
  tags: {},
  ping: 'Online',
  platform: 'Linux',
  agentVersion: '3',
});

it('names hosts after their tags, each once, and quotes what YAML would read as something else', () => {
  expect(
    awsWorkspace(
      [
        { kind: 'instance', instance: instance('i-0123456789abcdef0', 'web 1') },
        { kind: 'instance', instance: instance('i-0123456789abcdef1', 'web 1') },
        { kind: 'instance', instance: instance('i-0123456789abcdef2', '"}] evil: {') },
        {
          kind: 'service',
          service: {
            cluster: 'prod',
            name: 'on',
            running: 1,
            desired: 1,
            executeCommand: true,
            containers: ['007'],
          },
        },
      ],
      { region: 'eu-west-1' },
    ),
  ).toBe(`version: 1
name: aws
hosts:
  - { id: web-1, ssm: { instance: i-0123456789abcdef0, region: eu-west-1 } }
  - { id: web-1-2, ssm: { instance: i-0123456789abcdef1, region: eu-west-1 } }
  - { id: evil-, ssm: { instance: i-0123456789abcdef2, region: eu-west-1 } }
  - { id: "on", ecs: { cluster: prod, service: "on", container: "007", region: eu-west-1 } }
`);
});
