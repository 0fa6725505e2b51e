#include "suite/sqlite.h"

#include <cmath>
#include <limits>

namespace crossval::sqlite {
namespace {

tl::unexpected<Error> failed(sqlite3* database, const std::string& path) {
  const int code = sqlite3_errcode(database);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ExitCode::usage, "another process is writing this file", path,
                  "Wait for it to end; each shard has one writer.");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fail(ExitCode::bad_input_file, "it is no database, or a damaged one", path,
                  "Remove it and run its shard again.");
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return fail(ExitCode::cannot_write, "the disk is full, or cannot be written", path,
                  "What was finished is kept: make room and run again with --resume.");
    default:
      return fail(sqlite3_db_readonly(database, "main") == 1 ? ExitCode::bad_input_file
                                                             : ExitCode::cannot_write,
                  std::string("the database says: ") + sqlite3_errmsg(database), path);
  }
}

}  // namespace

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}
Statement& Statement::bind(int index, double value) {
  if (!std::isfinite(value)) return bind_null(index);
  sqlite3_bind_double(statement_.get(), index, value);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failed(database_, path_);
}

Result<void> Statement::run() {
  const auto row = step();
  sqlite3_reset(statement_.get());
  if (!row) return tl::unexpected(row.error());
  return {};
}

double Statement::number(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                         : sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

Result<Database> Database::open(const std::string& path, Access access) {
  sqlite3* database = nullptr;
  const int flags =
      access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  Database opened(path, database);  // owns it, also where it could not be opened
  if (code == SQLITE_OK) return opened;
  return fail(access == Access::read ? ExitCode::bad_input_file : ExitCode::cannot_write,
              std::string("the database cannot be opened: ") +
                  (database != nullptr ? sqlite3_errmsg(database) : "no memory"),
              path);
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failed(database_.get(), path_);
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return failed(database_.get(), path_);
  }
  return Statement(database_.get(), statement, path_);
}

Result<int64_t> Database::integer(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

}  // namespace crossval::sqlite
