# A file of end-to-end tests as one test of CTest.

# crossval_e2e(NAME [SECONDS]): tests/e2e/test_NAME.py of the project that calls. SECONDS is for what hangs: a machine that
# does ten things at once takes ten times as long.
#
# Skipped is a file of whose tests none failed and one was skipped: tests/e2e/skip_status.py says so by the exit status.
function(crossval_e2e name)
  set(seconds 1800)
  if(ARGC GREATER 1)
    set(seconds ${ARGV1})
  endif()
  add_test(NAME e2e.${name}
           COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../build/venv/bin/python -m pytest -q -p no:cacheprovider
                   ${CMAKE_CURRENT_SOURCE_DIR}/test_${name}.py)
  set_tests_properties(e2e.${name} PROPERTIES LABELS e2e TIMEOUT ${seconds}
    ENVIRONMENT "CROSSVAL=$<TARGET_FILE:crossval>;PYTHONDONTWRITEBYTECODE=1"
    SKIP_RETURN_CODE 77)
endfunction()
