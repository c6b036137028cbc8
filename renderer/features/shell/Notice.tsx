import { Info, TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { useUi } from '../../stores/ui.ts';
import styles from './Notice.module.css';

const PLAIN_MS = 6000;
const WARNING_MS = 12_000;

/** One line at the foot, gone after a while. */
export function Notice() {
  const notice = useUi((s) => s.notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(
      () => useUi.setState((s) => (s.notice === notice ? { notice: undefined } : s)),
      notice.tone === 'warning' ? WARNING_MS : PLAIN_MS,
    );
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div role="status" className={styles.place}>
      {notice && (
        <button
          type="button"
          className={styles.notice}
          data-tone={notice.tone}
          title="Put away"
          onClick={() => useUi.setState({ notice: undefined })}
        >
          {notice.tone === 'warning' ? (
            <TriangleAlert size={14} aria-hidden />
          ) : (
            <Info size={14} aria-hidden />
          )}
          {visibleText(notice.text, 400)}
        </button>
      )}
    </div>
  );
}
