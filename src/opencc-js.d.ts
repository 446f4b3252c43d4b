/** A table of traditional and simplified Chinese characters; the package has no types for its tables. */
declare module "opencc-js/dict/TSCharacters" {
  /**
   * Entries `traditional simplified`, between bars; of several simplified forms the first is the usual one.
   */
  const table: string;
  export default table;
}
