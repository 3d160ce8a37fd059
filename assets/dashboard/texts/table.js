// The texts of tables.
export const text = {
  search: "Search",
  count: (shown, all, word, many) => (shown === all ? `${all} ${all === 1 ? word : many}` : `${shown} of ${all} ${many}`),
  none: (many) => `No ${many} match the search.`,
  all: "Clear the search",
  sort: "Sort by",
  pages: "Pages",
  page: (page, pages) => `Page ${page} of ${pages}`,
  previous: "Previous page",
  next: "Next page",
  firstPage: "First page",
  onPage: (count, word) => `${count} ${word} on this page`,
  actions: "Actions",
};
