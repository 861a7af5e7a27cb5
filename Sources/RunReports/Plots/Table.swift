/// A table: names over the columns, and a name before each row.
struct Table: Sendable {
  /// The table's own name.
  var caption: String
  var columns: [String]
  /// Each as long as `columns`; the first is the row's name.
  var rows: [[String]]
  /// The columns that hold words, beside the first; others hold numbers.
  var wordColumns: Set<Int> = []

  /// The table in a box that scrolls by itself where the page is narrow.
  var markup: Markup {
    element("div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption]) {
      element("table") {
        element("caption") { caption }
        element("thead") {
          element("tr") {
            for (index, name) in columns.enumerated() {
              element("th", ["scope": "col", "class": wordColumns.contains(index) ? "word" : nil]) { name }
            }
          }
        }
        element("tbody") {
          for row in rows {
            element("tr") {
              for (index, cell) in row.enumerated() {
                if index == 0 {
                  element("th", ["scope": "row"]) { element("bdi") { cell } }
                } else {
                  element("td", ["class": wordColumns.contains(index) ? "word" : nil]) { element("bdi") { cell } }
                }
              }
            }
          }
        }
      }
    }
  }

  /// The table folded away under a word.
  func folded(_ summary: String) -> Markup {
    element("details") {
      element("summary") { summary }
      markup
    }
  }
}
