import com.sun.mail.dsn.DispositionNotification;
import com.sun.mail.dsn.MultipartReport;
import java.util.Collections;
import javax.mail.Header;
import javax.mail.Session;
import javax.mail.internet.MimeMessage;

/** Reads a receipt from stdin as JavaMail does, and writes what it found, a line each: what, name, value. */
public class ReadReceipt {
    public static void main(String[] arguments) throws Exception {
        MimeMessage message = new MimeMessage((Session) null, System.in);
        MultipartReport parts = (MultipartReport) message.getContent();
        DispositionNotification report = (DispositionNotification) parts.getReport();
        tell("parts", "count", String.valueOf(parts.getCount()));
        tell("report", "type", report.getType());
        tell("text", "characters", String.valueOf(parts.getText().length()));
        for (Header field : Collections.list(report.getNotifications().getAllHeaders())) {
            tell("field", field.getName(), field.getValue());
        }
        MimeMessage original = parts.getReturnedMessage();
        if (original != null) {
            for (Header field : Collections.list(original.getAllHeaders())) {
                tell("original", field.getName(), field.getValue());
            }
        }
    }

    private static void tell(String what, String name, String value) {
        System.out.println(what + "\t" + name + "\t" + value.replaceAll("\\s+", " ").trim());
    }
}
