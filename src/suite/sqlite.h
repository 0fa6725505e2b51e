// SQLite's C interface with owners and errors: what the store needs of it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace crossval::sqlite {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A statement that is being bound and stepped through.
class Statement {
 public:
  /// Parameters by number, from 1 on. A value that is not finite is stored as NULL.
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  /// True: a row is there. Errors: the database's.
  Result<bool> step();
  /// To its end; then it can be bound anew.
  Result<void> run();

  int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double number(int column) const;  // NaN where it is NULL
  bool is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  std::string text(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, sqlite3_stmt* statement, std::string path)
      : database_(database), statement_(statement), path_(std::move(path)) {}

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
};

class Database {
 public:
  enum class Access { read, write };

  /// Errors: bad_input_file (read), cannot_write (write).
  static Result<Database> open(const std::string& path, Access access);

  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(const std::string& sql);
  /// The value of a statement of one row and column.
  Result<int64_t> integer(const std::string& sql);
  const std::string& path() const { return path_; }

 private:
  Database(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

/// Calls `row` (of Statement&, gives Result<void>) for each row; ends at its first error. Errors:
/// its own and the statement's.
template <class Row>
Result<void> for_each_row(Result<Statement> statement, Row row) {
  if (!statement) return tl::unexpected(statement.error());
  while (true) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if (Result<void> ok = row(*statement); !ok) return ok;
  }
}

}  // namespace crossval::sqlite
