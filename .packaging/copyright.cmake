# Run by cpack between installing into its folders and packing them: /usr/share/doc/PACKAGE/copyright in each package.
if(CPACK_GENERATOR STREQUAL "DEB")
  foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} COMPONENT)
    set(folder "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX}/share/doc")
    file(MAKE_DIRECTORY "${folder}/${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME}")
    configure_file("${CPACK_CARRYNET_LICENSE}" "${folder}/${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME}/copyright" COPYONLY)
  endforeach()
endif()
