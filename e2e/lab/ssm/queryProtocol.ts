/**
 * The query protocol's two directions, as far as the doubled services need them. `InstanceId.1=…&InstanceId.2=…`
 * becomes a list; answers are XML with EC2's `item` for a list's members.
 */
export function queryInput(form: URLSearchParams): Record<string, unknown> {
  const single = new Map<string, string>();
  const lists = new Map<string, string[]>();
  for (const [key, value] of form) {
    const [, name, position] = /^(\w+?)(?:\.member)?\.(\d+)$/.exec(key) ?? [];
    if (name === undefined) single.set(key, value);
    else {
      const list = lists.get(name) ?? [];
      list[Number(position) - 1] = value;
      lists.set(name, list);
    }
  }
  return Object.fromEntries<unknown>([...single, ...lists]);
}

/** `service` decides the shape: STS wraps the result, EC2 does not; errors differ likewise. */
export function toXml(service: string, action: string, result: object, requestId: string): string {
  if (action === 'Error') {
    const { code, message } = result as { code: string; message: string };
    const error = `<Code>${escaped(code)}</Code><Message>${escaped(message)}</Message>`;
    return service === 'sts'
      ? `<ErrorResponse xmlns="${STS}"><Error><Type>Sender</Type>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`
      : `<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
  }
  return service === 'sts'
    ? `<${action}Response xmlns="${STS}"><${action}Result>${members(result)}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
    : `<${action}Response xmlns="${EC2}"><requestId>${requestId}</requestId>${members(result)}</${action}Response>`;
}

const STS = 'https://sts.amazonaws.com/doc/2011-06-15/';
const EC2 = 'http://ec2.amazonaws.com/doc/2016-11-15/';

function members(value: object): string {
  return Object.entries(value)
    .map(([key, one]: [string, unknown]) => `<${key}>${xmlOf(one)}</${key}>`)
    .join('');
}

function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => `<item>${xmlOf(one)}</item>`).join('');
  return typeof value === 'object' && value !== null ? members(value) : escaped(String(value));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
