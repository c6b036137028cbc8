/** False where FIRELINE_NO_LAB=1 says that lab tests are to be reported as skipped. Otherwise they run or fail. */
export const labIsWanted = process.env['FIRELINE_NO_LAB'] !== '1';
