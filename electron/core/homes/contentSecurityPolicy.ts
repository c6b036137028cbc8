/**
 * The page's Content-Security-Policy, alike in both homes. Nothing is allowed but what is named.
 * - `style-src 'unsafe-inline'`: xterm writes a style element for its palette and cell sizes, and Radix sets style
 *   attributes to place what floats; neither takes a nonce. Style alone cannot run code or reach another origin here.
 * - `connect`: more than 'self' where 'self' does not cover it (a WebSocket, in browsers older than CSP 3's rule).
 */
export function contentSecurityPolicy(connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
