import type { ReactNode } from 'react';

/** Text as a host or a file has it, which may be longer than its place: the keyboard reaches it, and so can scroll it. */
export function ScrollableText({
  className,
  children,
}: {
  className?: string | undefined;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre className={className} tabIndex={0}>
      {children}
    </pre>
  );
}
