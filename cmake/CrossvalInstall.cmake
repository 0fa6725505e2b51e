# cmake --install: the program, and what it builds engines from. Nothing installed names the source
# tree or the prefix: the program finds share/crossval from where it lies (src/launch/reference/support_files.cc).
include(GNUInstallDirs)
set(support ${CMAKE_INSTALL_DATADIR}/crossval)
install(TARGETS crossval RUNTIME)
install(PROGRAMS scripts/reference.sh scripts/prompt_sets.py DESTINATION ${support}/scripts)
install(DIRECTORY scripts/reference DESTINATION ${support}/scripts PATTERN __pycache__ EXCLUDE)
install(DIRECTORY engines DESTINATION ${support})
install(DIRECTORY src/protocol DESTINATION ${support}/src)
install(FILES deps/debian.txt deps/reference.txt deps/prompts.txt DESTINATION ${support}/deps)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.json" PATTERN "*.y*ml")

# What the program writes about itself: written at install time, when it is there.
function(crossval_install_output file folder)
  install(CODE "execute_process(COMMAND $<TARGET_FILE:crossval> ${ARGN} OUTPUT_FILE ${CMAKE_BINARY_DIR}/${file}
                                COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${CMAKE_BINARY_DIR}/${file} DESTINATION ${folder})
endfunction()
crossval_install_output(crossval.1 ${CMAKE_INSTALL_MANDIR}/man1 man)
crossval_install_output(_crossval ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
crossval_install_output(crossval.bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
