/** Where providers find the quoting of shell words; launchers need it too, so that it lives in lib. */
export { quoteForShell } from '../lib/shell-quote.ts';
