/// Rows in aligned columns, for limbec's own commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with its headings; a first heading that is empty keeps that column narrow.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row, one cell a heading. Line ends and what else a terminal obeys, in a file's name for instance, is shown as `?`.
    pub fn row(&mut self, cells: Vec<String>) {
        let harmless = |cell: String| cell.replace(|c: char| c.is_control(), "?");
        self.rows.push(cells.into_iter().map(harmless).collect());
    }

    /// The lines, headings first, columns two blanks apart, without blanks at the end.
    pub fn lines(&self) -> Vec<String> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        // A column in which every cell is empty, such as that of a mark which nothing has, takes no room.
        let cells = |row: &Vec<String>| -> Vec<String> {
            let columns = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
            columns.map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect()
        };
        self.rows.iter().map(|row| cells(row).join("  ").trim_end().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_line_and_commands_nothing() {
        let mut table = Table::new(&["File"]);
        table.row(vec!["a\nb\u{1b}[31mc.sql".to_owned()]);
        assert_eq!(table.lines(), ["File", "a?b?[31mc.sql"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["", "Name", "Text"]);
        table.row(vec![String::new(), "übergröße".to_owned(), String::new()]);
        table.row(vec![String::new(), "a".to_owned(), "b".to_owned()]);
        assert_eq!(table.lines(), ["Name       Text", "übergröße", "a          b"]);
    }
}
