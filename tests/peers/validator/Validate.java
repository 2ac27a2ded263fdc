import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * HL7's validator, kept warm: `java Validate FOLDER...` reads what is in the folders as known profiles and terms, then
 * one resource a line (JSON or XML), and answers each with one line: an array of its issues. No network.
 */
public class Validate {

  public static void main(String[] folders) throws Exception {
    FhirContext context = FhirContext.forR4Cached();
    FhirValidator validator = validator(context, known(context, folders));
    ObjectMapper json = new ObjectMapper();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ArrayNode issues = json.createArrayNode();
      for (SingleValidationMessage each : validator.validateWithResult(line).getMessages()) {
        issues
            .addObject()
            .put("severity", each.getSeverity().getCode())
            .put("place", each.getLocationString())
            .put("says", each.getMessage());
      }
      out.println(json.writeValueAsString(issues));
    }
  }

  private static PrePopulatedValidationSupport known(FhirContext context, String[] folders) throws IOException {
    PrePopulatedValidationSupport known = new PrePopulatedValidationSupport(context);
    for (String folder : folders) {
      List<Path> files;
      try (Stream<Path> walked = Files.walk(Path.of(folder))) {
        files = walked.filter(each -> each.toString().matches(".*\\.(json|xml)")).sorted().toList();
      }
      for (Path file : files) {
        IParser parser = file.toString().endsWith(".xml") ? context.newXmlParser() : context.newJsonParser();
        IBaseResource resource = parser.parseResource(Files.readString(file));
        if (context.getResourceDefinition(resource).getChildByName("url") != null) {
          known.addResource(resource);
        }
      }
    }
    return known;
  }

  private static FhirValidator validator(FhirContext context, PrePopulatedValidationSupport known) {
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING);
    ValidationSupportChain chain =
        new ValidationSupportChain(
            known,
            new DefaultProfileValidationSupport(context),
            new Languages(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context),
            unknown);
    // as FHIR has it: one coding of a concept from the value set is enough
    chain.setCodeableConceptValidationSuccessfulIfNotAllCodingsAreValid(true);
    FhirInstanceValidator instance = new FhirInstanceValidator(chain);
    instance.setErrorForUnknownProfiles(true);
    instance.setAnyExtensionsAllowed(false);
    instance.setNoTerminologyChecks(false);
    FhirValidator validator = context.newValidator();
    validator.registerValidatorModule(instance);
    return validator;
  }

  /** The common languages are a preferred value set only, but HAPI holds another language (Welsh) to be an error. */
  private static class Languages extends CommonCodeSystemsTerminologyService {

    Languages(FhirContext context) {
      super(context);
    }

    @Override
    public CodeValidationResult validateCodeInValueSet(
        ValidationSupportContext support,
        ConceptValidationOptions options,
        String system,
        String code,
        String display,
        IBaseResource valueSet) {
      CodeValidationResult found = super.validateCodeInValueSet(support, options, system, code, display, valueSet);
      boolean common = LANGUAGES_VALUESET_URL.equals(getValueSetUrl(getFhirContext(), valueSet));
      return common && found != null && !found.isOk()
          ? new CodeValidationResult().setSeverity(IssueSeverity.INFORMATION).setMessage(found.getMessage())
          : found;
    }
  }
}
