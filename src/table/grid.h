// A table that another program wrote, as text in rows and columns, whatever the file's format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::table {

// Limits, so that no file can exhaust memory.
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMostColumns = 1'000;
inline constexpr std::size_t kMostCells = 8'000'000;

/// Every row has a cell for every column; a cell that a record lacks is empty.
struct Grid {
  std::string label;  ///< the file's name, printable
  std::vector<std::string> header;
  std::vector<std::string> cells;   ///< row by row
  std::vector<std::size_t> places;  ///< of each row: its line, of JSON its record, from 1
  std::size_t header_line = 1;
  char separator = ',';  ///< '\0': the file is JSON

  std::size_t rows() const { return places.size(); }
  const std::string& at(std::size_t row, std::size_t column) const {
    return cells[row * header.size() + column];
  }
  /// "r.csv:3", "r.json: record 3": how an error about a row begins.
  std::string place(std::size_t row) const;
  /// The same of the header.
  std::string header_place() const;
  /// Adds a row. Throws Error beyond kMostCells.
  void add(std::vector<std::string> row, std::size_t place);
};

/// Reads, as its first characters show,
///
/// - text in columns: RFC 4180 (quoted fields with doubled quotes; LF, CRLF or CR) with commas,
///   semicolons, tabs or, where the header has none of them, spaces between the cells. A byte order
///   mark, blank lines, rows of empty cells and spaces around a cell are skipped, so are lines that
///   begin with '#' before the header. numpy.savetxt puts the header itself behind a '#': it is
///   taken from there where the line below holds numbers;
/// - JSON: a list of objects, alone or as a value of an object; an object of columns, as pandas
///   writes it; one object per line. Keys of nested objects are joined by dots. NaN and Infinity,
///   which Python writes, are read.
///
/// Throws Error beginning with `label` and the line or record where the text does not read: a NUL,
/// a stray quote, too few or too many cells, a limit above, no header.
Grid read_grid(std::string_view text, const std::string& label);

/// The JSON half of it.
Grid read_json_grid(std::string_view text, const std::string& label);

}  // namespace whichfirst::table
